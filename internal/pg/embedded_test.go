package pg_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"suiftly/internal/pg"
	"suiftly/internal/pgtest"
)

// childDir makes the test binary a suiftly of sorts: it runs the server in that folder until its input ends.
const childDir, childKeeps = "SUIFTLY_TEST_CHILD_DIR", "SUIFTLY_TEST_CHILD_KEEPS"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
		return
	}
	pgtest.Main(m, func() {
		if preparedHome != "" {
			os.RemoveAll(preparedHome)
		}
	})
}

func child(dir string) {
	run := pg.StartEmbedded
	if os.Getenv(childKeeps) != "" {
		run = func(ctx context.Context, dir string, log *slog.Logger) (*pg.Embedded, error) {
			return pg.StartThrowaway(ctx, dir, log, true)
		}
	}
	e, err := run(context.Background(), dir, quiet)
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(e.PID(), e.URL())
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := e.Stop(); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

var quiet = slog.New(slog.DiscardHandler)

const patience = 30 * time.Second

// scratch is where the tests' folders are; t.TempDir's parents are closed to other accounts.
func scratch() string {
	if st, err := os.Stat("/dev/shm"); err == nil && st.IsDir() {
		return "/dev/shm"
	}
	return os.TempDir()
}

// home gives a folder for a server. Everybody may pass through its parents, or under closed nobody but us.
func home(t *testing.T, closed bool) string {
	t.Helper()
	parent, err := os.MkdirTemp(scratch(), "suiftly-home-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(parent) })
	mode := os.FileMode(0o755)
	if closed {
		mode = 0o700
	}
	if err := os.Chmod(parent, mode); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(parent, "db")
}

var preparedHome string

// prepared is a cluster to copy, because making one takes a second.
var prepared = sync.OnceValues(func() (string, error) {
	var err error
	if preparedHome, err = os.MkdirTemp(scratch(), "suiftly-home-"); err != nil {
		return "", err
	}
	if err := os.Chmod(preparedHome, 0o755); err != nil {
		return "", err
	}
	dir := filepath.Join(preparedHome, "db")
	e, err := pg.StartEmbedded(context.Background(), dir, quiet)
	if err != nil {
		return "", err
	}
	return dir, e.Stop()
})

// clusterHome is home with a cluster already in it.
func clusterHome(t *testing.T, closed bool) string {
	t.Helper()
	from, err := prepared()
	if err != nil {
		t.Fatal(err)
	}
	dir := home(t, closed)
	if out, err := exec.Command("cp", "-a", from, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

func startIn(t *testing.T, dir string) *pg.Embedded {
	t.Helper()
	e, err := pg.StartEmbedded(context.Background(), dir, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Stop() })
	return e
}

// count adds a row to a table and tells how many there are.
func count(t *testing.T, url string) (n int) {
	t.Helper()
	db, err := pg.Open(context.Background(), url, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, q := range []string{`create table if not exists public.seen (at timestamptz)`, `insert into public.seen values (now())`} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Get(&n, `select count(*) from public.seen`); err != nil {
		t.Fatal(err)
	}
	return n
}

func setting(t *testing.T, url, name string) (value string) {
	t.Helper()
	db, err := pg.Open(context.Background(), url, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Get(&value, `select current_setting($1)`, name); err != nil {
		t.Fatal(err)
	}
	return value
}

// suiftly is a child process that runs a server.
type suiftly struct {
	cmd   *exec.Cmd
	input io.WriteCloser
	pid   int // of its Postgres
	url   string
	said  string
}

// run starts the test binary as a child, as the account named, or as ourselves.
func run(t *testing.T, dir, account string, env ...string) *suiftly {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &suiftly{cmd: exec.Command(self)}
	s.cmd.Env = append(append(os.Environ(), childDir+"="+dir), env...)
	s.cmd.Dir = "/"
	if account != "" {
		u, err := user.Lookup(account)
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		// The build folder is closed to others; an open file is not.
		f, err := os.Open(self)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		s.cmd.Path, s.cmd.ExtraFiles = "/proc/self/fd/3", []*os.File{f}
	}
	if s.input, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.input.Close(); s.cmd.Wait() })
	s.said, _ = bufio.NewReader(out).ReadString('\n')
	if pid, url, ok := strings.Cut(strings.TrimSpace(s.said), " "); ok {
		s.pid, _ = strconv.Atoi(pid)
		s.url = url
	}
	return s
}

func (s *suiftly) started(t *testing.T) *suiftly {
	t.Helper()
	if s.pid == 0 {
		t.Fatalf("the child said %q", s.said)
	}
	return s
}

func gone(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(patience); syscall.Kill(pid, 0) != syscall.ESRCH; time.Sleep(5 * time.Millisecond) {
		if b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); strings.Contains(string(b), ") Z ") {
			return // dead, and nobody has asked for its status
		}
		if time.Now().After(end) {
			t.Fatalf("process %d is still there", pid)
		}
	}
}

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
