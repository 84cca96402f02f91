package pg_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"suiftly/internal/pg"
)

func TestEmbedded(t *testing.T) {
	t.Parallel()

	t.Run("starts in an empty folder, stops, and finds its rows again", func(t *testing.T) {
		t.Parallel()
		dir := home(t, false)
		for want := 1; want <= 3; want++ {
			e := startIn(t, dir)
			if n := count(t, e.URL()); n != want {
				t.Fatalf("%d rows, want %d", n, want)
			}
			if err := errors.Join(e.Stop(), e.Stop()); err != nil {
				t.Fatal(err)
			}
			if err, open := <-e.Done(); open || err != nil {
				t.Fatal("an ordinary stop is reported as", err)
			}
			gone(t, e.PID())
		}
		for name, mode := range map[string]os.FileMode{"data": 0o700, "run": 0o700, "postgres.log": 0o600} {
			if st, err := os.Stat(filepath.Join(dir, name)); err != nil || st.Mode().Perm() != mode {
				t.Errorf("%s has mode %v (%v)", name, st.Mode(), err)
			}
		}
	})

	t.Run("works in a folder that the server's account cannot reach", func(t *testing.T) {
		t.Parallel()
		dir := home(t, true)
		for want := 1; want <= 2; want++ {
			e := startIn(t, dir)
			if n := count(t, e.URL()); n != want {
				t.Fatalf("%d rows, want %d", n, want)
			}
			if at := setting(t, e.URL(), "data_directory"); os.Geteuid() == 0 && !strings.HasPrefix(at, "/proc/self/fd/") {
				t.Fatal("the account reaches the data at", at)
			}
			e.Stop()
		}
		if st, _ := os.Stat(filepath.Dir(dir)); st.Mode().Perm() != 0o700 {
			t.Fatal("the parent was opened to", st.Mode())
		}
	})

	t.Run("works under a path that is too long for a socket", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(home(t, true), strings.Repeat("long/", 30), "db")
		e := startIn(t, dir)
		count(t, e.URL())
		e.Stop()
		if n := count(t, startIn(t, dir).URL()); n != 2 {
			t.Fatal(n)
		}
	})

	t.Run("two do not share a folder", func(t *testing.T) {
		t.Parallel()
		dir := clusterHome(t, false)
		startIn(t, dir)
		if _, err := pg.StartEmbedded(context.Background(), dir, quiet); err == nil || !strings.Contains(err.Error(), "another suiftly is using") {
			t.Fatal(err)
		}
	})

	t.Run("is out of the terminal's reach", func(t *testing.T) {
		t.Parallel()
		e := startIn(t, clusterHome(t, false))
		if g, err := syscall.Getpgid(e.PID()); err != nil || g == syscall.Getpgrp() {
			t.Fatal("Ctrl-C would stop the server before suiftly", err)
		}
	})

	t.Run("as an ordinary user", func(t *testing.T) {
		t.Parallel()
		if os.Geteuid() != 0 {
			return // we are one, and the other cases show it
		}
		dir := home(t, false)
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		s := run(t, dir, "nobody").started(t)
		if n := count(t, s.url); n != 1 {
			t.Fatal(n)
		}
		s.input.Close()
		if err := s.cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		// Root goes on as the folder's owner.
		e := startIn(t, dir)
		if n := count(t, e.URL()); n != 2 {
			t.Fatal(n)
		}
		if st, err := os.Stat(fmt.Sprintf("/proc/%d", e.PID())); err != nil || st.Sys().(*syscall.Stat_t).Uid == 0 {
			t.Fatal("the server runs as root", err)
		}
		e.Stop()
		os.Remove(filepath.Join(dir, "postgres.log"))
		// Another ordinary user does not.
		os.Remove(filepath.Join(dir, "lock"))
		if s := run(t, dir, "daemon"); !strings.Contains(s.said, "belongs to nobody: run suiftly as that user") {
			t.Fatal(s.said)
		}
	})
}

func TestEmbeddedRefuses(t *testing.T) {
	refused := func(t *testing.T, dir, sentence string) {
		t.Helper()
		if _, err := pg.StartEmbedded(context.Background(), dir, quiet); err == nil || !strings.Contains(err.Error(), sentence) {
			t.Fatalf("%v, want %q", err, sentence)
		}
	}
	listing := func(t *testing.T, dir string) string {
		t.Helper()
		out, err := exec.Command("find", dir, "-printf", "%p %s %T@ %u\n").Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}

	t.Run("another major version, and touches nothing", func(t *testing.T) {
		dir := clusterHome(t, false)
		data := filepath.Join(dir, "data")
		if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		before := listing(t, data)
		refused(t, dir, "was written by Postgres 9, but")
		if listing(t, data) != before {
			t.Fatal("the data was changed")
		}
	})

	t.Run("a folder of something else, and touches nothing", func(t *testing.T) {
		dir := clusterHome(t, false)
		data := filepath.Join(dir, "data")
		if err := os.Remove(filepath.Join(data, "PG_VERSION")); err != nil {
			t.Fatal(err)
		}
		before := listing(t, data)
		refused(t, dir, "is not a Postgres data folder")
		if listing(t, data) != before {
			t.Fatal("the data was changed")
		}
	})

	t.Run("a machine without Postgres, and says what installs it", func(t *testing.T) {
		pg.HideServers(t)
		refused(t, home(t, false), "run `apt-get install -y postgresql`")
	})

	t.Run("a cluster that belongs to root", func(t *testing.T) {
		if os.Geteuid() != 0 {
			return // only root can make one
		}
		dir := clusterHome(t, false)
		if err := os.Chown(filepath.Join(dir, "data"), 0, 0); err != nil {
			t.Fatal(err)
		}
		refused(t, dir, "chown -R postgres")
	})

	t.Run("a server that does not start, with the end of its log", func(t *testing.T) {
		dir := clusterHome(t, false)
		conf := filepath.Join(dir, "data", "postgresql.conf")
		f, err := os.OpenFile(conf, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(f, "no_such_setting = 1")
		f.Close()
		refused(t, dir, "no_such_setting")
		// The folder is free again.
		refused(t, dir, "no_such_setting")
	})
}
