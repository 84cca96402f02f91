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
	"slices"
	"strings"
	"time"

	"suiftly/internal/edge"
)

// ErrNoHAProxy says how to get the one program that the demo needs beside Postgres.
var ErrNoHAProxy = errors.New("HAProxy is not installed: run `apt-get install -y haproxy`")

// StartHAProxy runs a real HAProxy with the file config and the variables env, which are all it sees of the environment.
// It returns when every address in opens accepts connections. What HAProxy has to say goes to log.
func StartHAProxy(ctx context.Context, config string, env []string, log io.Writer, opens ...string) (*Child, error) {
	program, err := FindHAProxy()
	if err != nil {
		return nil, err
	}
	check := exec.CommandContext(ctx, program, "-c", "-q", "-f", config)
	check.Env = env
	if out, err := check.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("haproxy refuses %s (%w): %s", config, err, strings.TrimSpace(string(out)))
	}
	cmd := exec.Command(program, "-db", "-f", config)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.Dir = env, log, log, "/"
	h, err := Start(cmd)
	if err != nil {
		return nil, err
	}
	for _, address := range opens {
		if err := opened(ctx, h, address); err != nil {
			h.Stop(0)
			return nil, err
		}
	}
	return h, nil
}

// otherPlaces are where distributions install it and an ordinary user's PATH does not look.
var otherPlaces = []string{"/usr/sbin/haproxy", "/usr/local/sbin/haproxy"}

// FindHAProxy gives the program's path, or ErrNoHAProxy.
func FindHAProxy() (string, error) {
	if p, err := exec.LookPath("haproxy"); err == nil {
		return filepath.Abs(p)
	}
	for _, p := range otherPlaces {
		if st, err := os.Stat(p); err == nil && st.Mode()&0o111 != 0 {
			return p, nil
		}
	}
	return "", ErrNoHAProxy
}

func opened(ctx context.Context, h *Child, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-h.Gone():
			return fmt.Errorf("haproxy ended before it listened on %s: exit code %d", address, h.Exit())
		case <-ctx.Done():
			return fmt.Errorf("haproxy does not listen on %s: %w", address, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Live waits until the running HAProxy admits the keys.
func Live(ctx context.Context, running *edge.HAProxy, wanted ...Key) error {
	for {
		lines, err := running.Read(ctx, "keys.map")
		held := strings.Join(slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "refused/") }), "\n")
		missing := ""
		for _, k := range wanted {
			if entry := fmt.Sprintf(" %d:%s:%s:", k.Customer, k.Service, k.ID); !strings.Contains(held, entry) {
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
