package pgtest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"suiftly/internal/customer"
)

// childKind makes the test binary another one that starts a cluster and waits to be ended.
const childKind = "SUIFTLY_PGTEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childKind) != "" {
		c, err := start()
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println(c.server.PID(), c.server.Dir())
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	Main(m)
}

const patience = 30 * time.Second

func eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !yes(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never:", what)
		}
	}
}

func TestDB(t *testing.T) {
	t.Parallel()

	t.Run("each has the migrations and its own rows", func(t *testing.T) {
		for range 2 {
			db := DB(t)
			Customer(t, db, customer.ID(1001))
			Customer(t, db, customer.ID(1001))
			Customer(t, db, customer.ID(1002))
			var n int
			if err := db.Get(&n, `select count(*) from auth.customers`); err != nil || n != 2 {
				t.Fatal(n, err)
			}
		}
	})

	t.Run("knows no table without its schema", func(t *testing.T) {
		if _, err := DB(t).Exec(`select from customers`); err == nil {
			t.Fatal("found customers without schema")
		}
		if _, err := Tx(t).Exec(`create table things (id int)`); err == nil {
			t.Fatal("made a table without schema")
		}
	})

	t.Run("a transaction leaves nothing behind", func(t *testing.T) {
		for range 2 {
			t.Run("", func(t *testing.T) {
				tx := Tx(t)
				var n int
				if err := tx.Get(&n, `select count(*) from auth.customers`); err != nil || n != 0 {
					t.Fatal(n, err)
				}
				Customer(t, tx, 1001)
			})
		}
	})

	t.Run("is dropped when its test ends", func(t *testing.T) {
		var name string
		t.Run("", func(t *testing.T) {
			if err := DB(t).Get(&name, `select current_database()`); err != nil {
				t.Fatal(err)
			}
		})
		c, err := start()
		if err != nil {
			t.Fatal(err)
		}
		var there bool
		if err := c.admin.Get(&there, `select exists (select from pg_database where datname = $1)`, name); err != nil || there {
			t.Fatal(name, err)
		}
	})
}

// recorder is a TB that keeps what a helper reports.
type recorder struct {
	testing.TB
	said []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	r := &recorder{TB: t}
	Prepare(r, DB(t), map[string]string{
		"good":    `select customer_id from auth.customers where address = $1`,
		"renamed": `select id from auth.customers`,
		"bare":    `select customer_id from customers`,
	})
	if all := strings.Join(r.said, "\n"); len(r.said) != 2 || !strings.Contains(all, "statement renamed: ") || !strings.Contains(all, "statement bare: ") {
		t.Fatal(r.said)
	}
}

func TestCluster(t *testing.T) {
	t.Parallel()

	t.Run("kill -9 of the test binary leaves no server and no folder", func(t *testing.T) {
		t.Parallel()
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), childKind+"=1", "KEEPDB=")
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		defer stdin.Close()
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, _ := bufio.NewReader(out).ReadString('\n')
		var pid int
		var dir string
		if _, err := fmt.Sscan(line, &pid, &dir); err != nil {
			t.Fatal(line, err)
		}
		cmd.Process.Kill()
		_ = cmd.Wait()
		eventually(t, "the folder is removed", func() bool { _, err := os.Stat(dir); return os.IsNotExist(err) })
		eventually(t, "the server ends", func() bool {
			b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			return err != nil || strings.Contains(string(b), ") Z ")
		})
	})

	t.Run("sweeps what dead binaries left, and nothing that is in use", func(t *testing.T) {
		t.Parallel()
		base := t.TempDir()
		made := func(name string) (dir string, lock *os.File) {
			dir = filepath.Join(base, name)
			if err := os.MkdirAll(filepath.Join(dir, "data"), 0o755); err != nil {
				t.Fatal(err)
			}
			lock, err := os.Create(filepath.Join(dir, "lock"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { lock.Close() })
			return dir, lock
		}
		dead, _ := made(prefix + "1")
		used, lock := made(prefix + "2")
		kept, _ := made(prefix + "3")
		other, _ := made("other")
		if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(kept, "data", "postmaster.pid"), fmt.Appendln(nil, os.Getpid()), 0o600); err != nil {
			t.Fatal(err)
		}
		sweep(base)
		for dir, want := range map[string]bool{dead: false, used: true, kept: true, other: true} {
			if _, err := os.Stat(dir); (err == nil) != want {
				t.Errorf("%s is there: %v", dir, err == nil)
			}
		}
	})
}
