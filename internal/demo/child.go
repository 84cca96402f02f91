package demo

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Child is a process of ours. It ends when we end, however we end.
type Child struct {
	cmd  *exec.Cmd
	gone chan struct{}
}

// Start starts cmd in a process group of its own: Ctrl-C is for us, who stop our children in order.
func Start(cmd *exec.Cmd) (*Child, error) {
	c := &Child{cmd: cmd, gone: make(chan struct{})}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	dieWithParent(cmd.SysProcAttr)
	started := make(chan error)
	go func() {
		// The parent-death signal is sent when the starting thread ends, not the process: keep the thread.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended stays in ProcessState
			close(c.gone)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return c, nil
}

// PID is the process.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Gone is closed when the process has ended.
func (c *Child) Gone() <-chan struct{} { return c.gone }

// Exit is how the process ended, once it is gone: its code, -1 when a signal ended it.
func (c *Child) Exit() int { return c.cmd.ProcessState.ExitCode() }

// Signal sends sig; a process that is gone is no error.
func (c *Child) Signal(sig os.Signal) { _ = c.cmd.Process.Signal(sig) }

// Stop ends the process by SIGTERM, or after the grace by SIGKILL, and waits until it has ended.
func (c *Child) Stop(grace time.Duration) {
	c.Signal(syscall.SIGTERM)
	select {
	case <-c.gone:
		return
	case <-time.After(grace):
	}
	c.Signal(syscall.SIGKILL)
	<-c.gone
}
