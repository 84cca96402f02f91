package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"suiftly/internal/edge"
)

// ErrNoHAProxy says how to get the one program that the demo needs beside Postgres.
var ErrNoHAProxy = errors.New("HAProxy is not installed: run `apt-get install -y haproxy`")

// HAProxy is a real HAProxy of ours: a child process that ends when we end, however we end.
type HAProxy struct {
	cmd  *exec.Cmd
	gone chan struct{}
}

// StartHAProxy runs HAProxy with the file config and the variables env, which is all it sees of the environment. It
// returns when every address in opens accepts connections. What HAProxy has to say goes to log.
func StartHAProxy(ctx context.Context, config string, env []string, log io.Writer, opens ...string) (*HAProxy, error) {
	program, err := findHAProxy()
	if err != nil {
		return nil, err
	}
	check := exec.CommandContext(ctx, program, "-c", "-q", "-f", config)
	check.Env = env
	if out, err := check.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("haproxy refuses %s (%w): %s", config, err, strings.TrimSpace(string(out)))
	}
	h := &HAProxy{cmd: exec.Command(program, "-db", "-f", config), gone: make(chan struct{})}
	h.cmd.Env, h.cmd.Stdout, h.cmd.Stderr, h.cmd.Dir = env, log, log, "/"
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us; we stop it
	dieWithParent(h.cmd.SysProcAttr)
	started := make(chan error)
	go func() {
		// The parent-death signal is sent when the starting thread ends, not the process: keep the thread.
		runtime.LockOSThread()
		err := h.cmd.Start()
		started <- err
		if err == nil {
			_ = h.cmd.Wait()
			close(h.gone)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start haproxy: %w", err)
	}
	for _, address := range opens {
		if err := h.opened(ctx, address); err != nil {
			h.Stop()
			return nil, err
		}
	}
	return h, nil
}

func findHAProxy() (string, error) {
	if p, err := exec.LookPath("haproxy"); err == nil {
		return filepath.Abs(p)
	}
	// Debian installs it where an ordinary user's PATH does not look.
	for _, p := range []string{"/usr/sbin/haproxy", "/usr/local/sbin/haproxy"} {
		if st, err := os.Stat(p); err == nil && st.Mode()&0o111 != 0 {
			return p, nil
		}
	}
	return "", ErrNoHAProxy
}

func (h *HAProxy) opened(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-h.gone:
			return fmt.Errorf("haproxy ended before it listened on %s: %s", address, h.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("haproxy does not listen on %s: %w", address, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// PID is its process.
func (h *HAProxy) PID() int { return h.cmd.Process.Pid }

// Gone is closed when it has ended.
func (h *HAProxy) Gone() <-chan struct{} { return h.gone }

// Stop ends it at once and waits until it has ended.
func (h *HAProxy) Stop() {
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		_ = h.cmd.Process.Signal(sig) // already gone is what we want
		select {
		case <-h.gone:
			return
		case <-time.After(3 * time.Second):
		}
	}
}

// Live waits until the running HAProxy admits the keys.
func Live(ctx context.Context, running *edge.HAProxy, keys ...Key) error {
	for {
		lines, err := running.Read(ctx, "keys.map")
		held := strings.Join(lines, "\n") + "\n"
		missing := ""
		for _, k := range keys {
			if entry := fmt.Sprintf(" %d:%s:%s\n", k.Customer, k.Service, k.ID); !strings.Contains(held, entry) {
				missing = k.ID
			}
		}
		if err == nil && missing == "" {
			return nil
		}
		if wait(ctx, 20*time.Millisecond) != nil {
			return errors.Join(fmt.Errorf("key %s is not live in haproxy", missing), err)
		}
	}
}
