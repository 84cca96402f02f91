package pg_test

import (
	"bufio"
	"context"
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
