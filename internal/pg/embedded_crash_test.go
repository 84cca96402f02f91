package pg_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestEmbeddedCrash(t *testing.T) {
	t.Parallel()

	t.Run("kill -9 of suiftly ends the server, and the next start has every row", func(t *testing.T) {
		t.Parallel()
		dir := clusterHome(t, true)
		for want := 1; want <= 3; want++ {
			s := run(t, dir, "").started(t)
			if n := count(t, s.url); n != want {
				t.Fatalf("%d rows, want %d", n, want)
			}
			s.cmd.Process.Kill()
			s.cmd.Wait()
			if want == 2 {
				gone(t, s.pid) // otherwise the next start meets it still stopping
			}
		}
	})

	t.Run("a server left running by a killed suiftly is stopped first", func(t *testing.T) {
		t.Parallel()
		dir := clusterHome(t, true)
		s := run(t, dir, "", childKeeps+"=1").started(t)
		count(t, s.url)
		s.cmd.Process.Kill()
		s.cmd.Wait()
		if syscall.Kill(s.pid, 0) != nil {
			t.Fatal("nothing was left running")
		}
		e := startIn(t, dir)
		gone(t, s.pid)
		if n := count(t, e.URL()); n != 2 {
			t.Fatal(n)
		}
	})

	t.Run("kill -9 of the server is reported, and the next start has every row", func(t *testing.T) {
		t.Parallel()
		dir := clusterHome(t, false)
		e := startIn(t, dir)
		count(t, e.URL())
		syscall.Kill(e.PID(), syscall.SIGKILL)
		select {
		case err := <-e.Done():
			if err == nil || !strings.Contains(err.Error(), "ended by itself") {
				t.Fatal(err)
			}
		case <-time.After(patience):
			t.Fatal("not reported")
		}
		e.Stop()
		if n := count(t, startIn(t, dir).URL()); n != 2 {
			t.Fatal(n)
		}
	})

	t.Run("a pid file that names a stranger does not stop the start", func(t *testing.T) {
		t.Parallel()
		dir := clusterHome(t, false)
		data := filepath.Join(dir, "data")
		st, err := os.Stat(data)
		if err != nil {
			t.Fatal(err)
		}
		owner := st.Sys().(*syscall.Stat_t)
		stranger := exec.Command("sleep", "300")
		stranger.Dir = "/"
		if os.Geteuid() == 0 {
			stranger.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
		}
		if err := stranger.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { stranger.Process.Kill(); stranger.Wait() }()
		file := filepath.Join(data, "postmaster.pid")
		if err := os.WriteFile(file, fmt.Appendf(nil, "%d\n%s\n1700000000\n5432\n/tmp\n\n  1 1\nready\n", stranger.Process.Pid, data), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(file, int(owner.Uid), int(owner.Gid)); err != nil {
			t.Fatal(err)
		}
		count(t, startIn(t, dir).URL())
		if syscall.Kill(stranger.Process.Pid, 0) != nil {
			t.Fatal("the stranger was ended")
		}
	})

	t.Run("an initialization that was cut off is begun again", func(t *testing.T) {
		t.Parallel()
		dir := home(t, false)
		if err := os.MkdirAll(filepath.Join(dir, "data.tmp", "base"), 0o700); err != nil {
			t.Fatal(err)
		}
		count(t, startIn(t, dir).URL())
	})
}
