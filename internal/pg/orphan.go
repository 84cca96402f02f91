package pg

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clearOrphan ends a server that a killed suiftly left running on our data, and takes away a postmaster.pid whose
// number now belongs to a stranger: after a container restart that is common, and Postgres refuses to start over it.
// The folder's lock is held, so no living suiftly uses the server.
func (f *folder) clearOrphan(ctx context.Context, log *slog.Logger) error {
	file := filepath.Join(f.data, "postmaster.pid")
	pid := firstNumber(file)
	if pid <= 1 {
		return nil
	}
	if !worksIn(pid, f.data) {
		// Backends outlive a killed postmaster for a moment; while one lives, Postgres's own check must see the file.
		if syscall.Kill(pid, 0) != syscall.ESRCH && !anyWorksIn(f.data) {
			log.Info("removed the pid file of a server that is gone", "file", file)
			return os.Remove(file)
		}
		return nil
	}
	log.Warn("stopping the database server that a killed suiftly left behind", "pid", pid)
	for _, step := range []struct {
		sig  syscall.Signal
		wait time.Duration
	}{{syscall.SIGINT, fastStopWait}, {syscall.SIGQUIT, 5 * time.Second}} {
		_ = syscall.Kill(pid, step.sig)
		for end := time.Now().Add(step.wait); time.Now().Before(end) && ctx.Err() == nil; {
			if !worksIn(pid, f.data) {
				return nil
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return fmt.Errorf("another Postgres (process %d) works on %s and does not stop", pid, f.data)
}

// firstNumber reads the process number that a postmaster.pid begins with, or 0.
func firstNumber(file string) int {
	f, err := os.Open(file)
	if err != nil {
		return 0
	}
	defer f.Close()
	line := bufio.NewScanner(f)
	line.Scan()
	pid, _ := strconv.Atoi(strings.TrimSpace(line.Text()))
	return pid
}

// worksIn reports whether the process has dir as its working folder, as every Postgres process has its data folder.
func worksIn(pid int, dir string) bool {
	cwd, err := os.Stat(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	if err != nil {
		return false
	}
	here, err := os.Stat(dir)
	return err == nil && os.SameFile(cwd, here)
}

func anyWorksIn(dir string) bool {
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range processes {
		if pid, err := strconv.Atoi(filepath.Base(p)); err == nil && worksIn(pid, dir) {
			return true
		}
	}
	return false
}
