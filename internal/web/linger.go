package web

import (
	"io"
	"net"
	"syscall"
	"time"
)

const (
	lingerFor   = time.Second
	lingerBytes = 32 << 20
)

// lingering is a listener whose connections let an early refusal arrive. A server that answers 413 and closes with a body
// still coming in makes the kernel reset the connection, and the client may never see why: so the rest is read away first,
// for a bounded time and size (RFC 9112 section 9.6).
type lingering struct{ net.Listener }

func (l lingering) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return lingeringConn{tcp}, err
	}
	return c, err
}

type lingeringConn struct{ *net.TCPConn }

func (c lingeringConn) Close() error {
	if c.unread() && c.CloseWrite() == nil {
		_ = c.SetReadDeadline(time.Now().Add(lingerFor))
		_, _ = io.CopyN(io.Discard, c.TCPConn, lingerBytes)
	}
	return c.TCPConn.Close()
}

// unread looks, without waiting, whether the client sent more than was read.
func (c lingeringConn) unread() (more bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	// Not raw.Read: it waits for whoever is reading, and on an idle connection the server itself is.
	_ = raw.Control(func(fd uintptr) {
		n, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		more = err == nil && n > 0
	})
	return more
}
