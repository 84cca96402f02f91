package edge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// ErrUnreachable is a runtime socket that nobody answers: HAProxy is down, or the path is wrong.
var ErrUnreachable = errors.New("haproxy's runtime socket does not answer")

// Commands and payloads must fit HAProxy's buffer (tune.bufsize, 16 KiB by default) with room to spare.
const maxPayload = 12 << 10

// do runs one command of HAProxy's Runtime API (management guide, 9.3 "Unix Socket commands") and gives its answer. A
// payload's lines follow the command; an empty line ends them.
func (h *HAProxy) do(ctx context.Context, command, payload string) (string, error) {
	d := net.Dialer{Timeout: 2 * time.Second}
	conn, err := d.DialContext(ctx, "unix", h.socket)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer conn.Close()
	deadline := time.Now().Add(10 * time.Second)
	if end, ok := ctx.Deadline(); ok && end.Before(deadline) {
		deadline = end
	}
	if err := conn.SetDeadline(deadline); err != nil {
		return "", err
	}
	text := command + "\n"
	if payload != "" {
		text = command + " <<\n" + payload + "\n"
	}
	if _, err := io.WriteString(conn, text); err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return strings.TrimRight(string(answer), "\n"), nil
}

// must runs a command that answers nothing when it worked.
func (h *HAProxy) must(ctx context.Context, command, payload string) error {
	answer, err := h.do(ctx, command, payload)
	if err == nil && strings.TrimSpace(answer) != "" {
		err = fmt.Errorf("haproxy, %s: %s", command, firstLine(answer))
	}
	return err
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}
