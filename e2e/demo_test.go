package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"suiftly/internal/demo"
)

var counted = regexp.MustCompile(`(\d+) requests sent now, (\d+) stored with the day before, \$(\d+\.\d+) charged`)

func TestTheDemo(t *testing.T) {
	t.Parallel()
	if _, err := demo.FindHAProxy(); err != nil {
		t.Fatal(err)
	}
	t.Run("shows numbers and cleans up", func(t *testing.T) {
		t.Parallel()
		tmp := short(t)
		cmd := command(t.TempDir(), []string{"TMPDIR=" + tmp}, "demo", "--for", "25s", "--port", port(t))
		p := start(t, cmd)
		if code := p.ends(2 * patience); code != 0 {
			t.Errorf("exit code %d: %s", code, p.logged())
		}
		m := counted.FindStringSubmatch(p.logged())
		if m == nil {
			t.Fatalf("no numbers: %s", p.logged())
		}
		sent, _ := strconv.Atoi(m[1])
		stored, _ := strconv.Atoi(m[2])
		if sent < 100 || stored < 20_000 || strings.HasPrefix(m[3], "0.0000") {
			t.Errorf("the numbers do not move: %s", m[0])
		}
		if left := must(os.ReadDir(tmp))(t); len(left) > 0 {
			t.Errorf("it leaves %v", left)
		}
	})
	t.Run("ends on Ctrl-C at any time", func(t *testing.T) {
		t.Parallel()
		tmp := short(t)
		p := start(t, command(t.TempDir(), []string{"TMPDIR=" + tmp}, "demo", "--port", port(t)))
		eventually(t, patience, func() error { return isThere(filepath.Join(tmp, "suiftly-demo-*", "suiftly.log")) })
		p.Signal(syscall.SIGINT)
		if code := p.ends(patience); code != 0 {
			t.Errorf("exit code %d: %s", code, p.logged())
		}
		if left := must(os.ReadDir(tmp))(t); len(left) > 0 {
			t.Errorf("it leaves %v", left)
		}
	})
	t.Run("killed, it leaves nothing running, and the next one sweeps its folder", func(t *testing.T) {
		t.Parallel()
		tmp := short(t)
		p := start(t, command(t.TempDir(), []string{"TMPDIR=" + tmp}, "demo", "--port", port(t)))
		eventually(t, 2*patience, func() error {
			if !strings.Contains(p.logged(), "Ctrl-C stops everything") {
				return fmt.Errorf("not up yet: %s", p.logged())
			}
			return nil
		})
		children := childrenOf(t, p.PID())
		if len(children) < 2 {
			t.Fatalf("Postgres and HAProxy are not its children: %v", children)
		}
		p.Signal(syscall.SIGKILL)
		<-p.Gone()
		eventually(t, patience, func() error {
			for _, pid := range children {
				if alive(pid) {
					return fmt.Errorf("process %d lives on", pid)
				}
			}
			return nil
		})
		next := start(t, command(t.TempDir(), []string{"TMPDIR=" + tmp}, "demo", "--for", "1ms", "--port", port(t)))
		if code := next.ends(2 * patience); code != 0 {
			t.Errorf("exit code %d: %s", code, next.logged())
		}
		if left := must(os.ReadDir(tmp))(t); len(left) > 0 {
			t.Errorf("it leaves %v", left)
		}
	})
}

func port(t *testing.T) string {
	_, p, _ := strings.Cut(address(t), ":")
	return p
}

func isThere(pattern string) error {
	if found, err := filepath.Glob(pattern); err != nil || len(found) == 0 {
		return fmt.Errorf("%s is not there", pattern)
	}
	return nil
}

// childrenOf lists the processes whose parent is pid; Linux keeps the parent in the fourth field of /proc/<pid>/stat.
func childrenOf(t *testing.T, pid int) (children []int) {
	all := must(filepath.Glob("/proc/[0-9]*/stat"))(t)
	for _, file := range all {
		text, err := os.ReadFile(file)
		if err != nil { // it has ended
			continue
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			children = append(children, child)
		}
	}
	return children
}

// alive is false for a process that has ended, also when nobody has taken note of that yet.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(text), ") ")
	return err == nil && !strings.HasPrefix(rest, "Z")
}
