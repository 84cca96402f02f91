package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"suiftly/internal/pg"
)

const (
	prefix     = "suiftly-test-"
	spareBytes = 1 << 30
)

// scratch is memory when there is plenty (containers often have 64 MB of it), otherwise the temporary folder.
func scratch() string {
	var st syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &st); err == nil && st.Bavail*uint64(st.Bsize) >= spareBytes {
		return "/dev/shm"
	}
	return os.TempDir()
}

// sweep removes the clusters of test binaries that are gone. The lock in a cluster's folder is held by its binary.
func sweep(base string) {
	dirs, _ := filepath.Glob(filepath.Join(base, prefix+"*"))
	for _, dir := range dirs {
		lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR, 0)
		if err != nil {
			continue // another user's, or just being made
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil && !alive(dir) {
			os.RemoveAll(dir)
		}
		lock.Close()
	}
}

// alive reports whether a kept cluster's server is still there.
func alive(dir string) bool {
	b, _ := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	first, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	return err == nil && syscall.Kill(pid, 0) != syscall.ESRCH
}

// removeAfter has the cluster's folder removed when this process ends, however it ends: a shell waits on a pipe whose
// other end only we hold. The returned func does it now.
func removeAfter(server *pg.Embedded) func() {
	r, w, err := os.Pipe()
	if err != nil {
		return func() { server.Stop() }
	}
	script := fmt.Sprintf(`read _; while kill -0 %d 2>/dev/null; do sleep 0.05; done; rm -rf "$0"`, server.PID())
	sh := exec.Command("/bin/sh", "-c", script, server.Dir())
	sh.Stdin, sh.Dir = r, "/"
	sh.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C must not end it before its work
	if err := sh.Start(); err != nil {
		w.Close()
	}
	r.Close()
	return func() {
		server.Stop()
		w.Close()
		_ = sh.Wait()
	}
}
