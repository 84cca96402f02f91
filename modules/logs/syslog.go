package logs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// When stopping: how long a socket must be silent to be taken for empty, how long a busy one is read at most, and how long
// Postgres has to take what was read; what it does not take by then stays in the spool. Together they are below what the
// process has to stop in.
const (
	quiet       = 50 * time.Millisecond
	drainAtMost = 2 * time.Second
	writeAtMost = 12 * time.Second
)

// receiveBuffer is the kernel's buffer of a connection. A kill of this process loses what it holds, so it is no larger than
// full speed on one host needs; HAProxy's ring keeps the rest.
const receiveBuffer = 256 << 10

// syslog receives lines over TCP and UDP into the spool. Syslog has no acknowledgement: what a sender has written and we have
// not read when either process is killed is lost, and only that.
type syslog struct {
	m  *Module
	up chan struct{} // closed when listening

	mu      sync.Mutex
	address string
	udp     string
	failed  error
	conns   int
}

func newSyslog(m *Module) *syslog { return &syslog{m: m, up: make(chan struct{})} }

// Listening is closed once lines are received, at ListenAddress.
func (m *Module) Listening() <-chan struct{} { return m.syslog.up }

// ListenAddress is where lines are received over TCP; "" before that and when logs.listen is empty.
func (m *Module) ListenAddress() string {
	m.syslog.mu.Lock()
	defer m.syslog.mu.Unlock()
	return m.syslog.address
}

func (s *syslog) on() bool { return s.m.config.Listen != "" || s.m.config.ListenUDP != "" }

func (s *syslog) health() error {
	if !s.on() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil && s.address == "" && s.udp == "" {
		return errors.New("not listening for log lines yet")
	}
	return s.failed
}

func (s *syslog) fail(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = err
	return err
}

// run receives until ctx ends. Then it accepts nobody, reads what the senders have already written, closes, and returns once
// everything read is committed, or Postgres had its time and the rest is in the spool.
func (s *syslog) run(ctx context.Context) error {
	if !s.on() {
		<-ctx.Done()
		return nil
	}
	listener, packets, err := s.listen()
	if err != nil {
		return s.fail(err)
	}
	in, err := openInbox(s.m)
	if err != nil {
		return s.fail(errors.Join(err, closeAll(listener, packets)))
	}
	s.m.watched.set(in)
	defer s.m.watched.set(nil)
	s.say(listener, packets)
	close(s.up)

	receiving, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	write, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	syncing, stopSyncing := context.WithCancel(write)
	defer stopSyncing()
	drained := newDrain(s.m, in.spool)
	var behind, syncer sync.WaitGroup
	syncer.Go(func() { stop(in.sync(syncing)) })
	behind.Go(func() { stop(drained.run(write)) })
	behind.Go(func() { in.adopt(receiving) })

	var conns sync.WaitGroup
	context.AfterFunc(receiving, func() { _ = closeAll(listener, nil) })
	if packets != nil {
		conns.Go(func() { stop(s.receivePackets(receiving, write, in, packets)) })
	}
	if listener != nil {
		conns.Go(func() { stop(s.accept(receiving, write, in, listener, &conns)) })
	}
	<-receiving.Done()
	late := time.AfterFunc(drainAtMost+writeAtMost, giveUp)
	defer late.Stop()
	conns.Wait()
	stopSyncing()
	syncer.Wait()
	drained.finish()
	behind.Wait()
	err = in.spool.Close()
	if cause := context.Cause(receiving); ctx.Err() == nil {
		err = errors.Join(cause, err)
	}
	if err != nil {
		return s.fail(fmt.Errorf("receive log lines: %w", err))
	}
	return nil
}

func (s *syslog) listen() (listener net.Listener, packets *net.UDPConn, err error) {
	if s.m.config.Listen != "" {
		if listener, err = net.Listen("tcp", s.m.config.Listen); err != nil {
			return nil, nil, fmt.Errorf("logs.listen: %w", err)
		}
	}
	if s.m.config.ListenUDP != "" {
		if packets, err = listenPackets(s.m.config.ListenUDP); err != nil {
			return nil, nil, errors.Join(fmt.Errorf("logs.listen_udp: %w", err), closeAll(listener, nil))
		}
	}
	return listener, packets, nil
}

func closeAll(listener net.Listener, packets *net.UDPConn) (err error) {
	if listener != nil {
		err = listener.Close()
	}
	if packets != nil {
		err = errors.Join(err, packets.Close())
	}
	return err
}

// say tells where lines are taken.
func (s *syslog) say(listener net.Listener, packets *net.UDPConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var at []net.Addr
	if listener != nil {
		s.address = listener.Addr().String()
		at = append(at, listener.Addr())
	}
	if packets != nil {
		s.udp = packets.LocalAddr().String()
		at = append(at, packets.LocalAddr())
	}
	for _, a := range at {
		s.m.log.Info("receiving log lines", "address", a.Network()+"://"+a.String())
		host, _, err := net.SplitHostPort(a.String())
		if ip := net.ParseIP(host); err == nil && ip != nil && !ip.IsLoopback() {
			s.m.log.Warn("log lines are taken from the network: whoever reaches this address can bill any customer; keep it behind a firewall", "address", a.String())
		}
	}
}

func (s *syslog) accept(stop, write context.Context, in *inbox, listener net.Listener, conns *sync.WaitGroup) error {
	for {
		conn, err := listener.Accept()
		if err == nil {
			conns.Go(func() { s.receive(stop, write, in, conn) })
			continue
		}
		if stop.Err() != nil {
			return nil
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("logs.listen: %w", err)
		}
		s.m.log.Warn("accept", "error", err)
		select { // out of file descriptors, most likely
		case <-stop.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// receive reads one connection to its end. Every piece that was read goes to the spool at once.
func (s *syslog) receive(stop, write context.Context, in *inbox, conn net.Conn) {
	defer conn.Close()
	if !s.enter() {
		s.m.log.Warn("a sender of log lines is turned away: logs.connections is reached", "from", conn.RemoteAddr().String())
		return
	}
	defer s.leave()
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(receiveBuffer)
	}
	r := &receiver{s: s, write: write, frames: newFrames(), from: conn.RemoteAddr().String(), bundle: bundle{in: in, source: "tcp/" + hostOf(conn.RemoteAddr())}}
	defer func() { r.ok(r.bundle.flush(write, true)) }()
	defer context.AfterFunc(stop, func() { conn.SetReadDeadline(time.Now()) })()
	var until time.Time // set when stopping
	for {
		due := r.bundle.due()
		if !r.addWhole() || !r.ok(r.bundle.flush(write, until.IsZero() && !due.IsZero() && !time.Now().Before(due))) {
			return
		}
		if until.IsZero() && stop.Err() != nil {
			until = time.Now().Add(drainAtMost)
		}
		stopping := !until.IsZero()
		if stopping {
			conn.SetReadDeadline(time.Now().Add(quiet))
		} else {
			conn.SetReadDeadline(r.bundle.due())
			if stop.Err() != nil {
				continue // the deadline that was to wake us may be the one just overwritten
			}
		}
		room := r.frames.room()
		n, err := conn.Read(room)
		r.frames.grew(n)
		emptied := n < len(room) || time.Now().After(until.Add(drainAtMost)) // a sender faster than us never leaves it empty
		switch {
		case stopping && (err != nil || emptied && time.Now().After(until)):
			// At once: what is sent from here on is lost, as the sender cannot know that it was not read.
			conn.Close()
		case err == nil, errors.Is(err, os.ErrDeadlineExceeded):
			continue
		}
		r.addWhole()
		r.addCut()
		return
	}
}

func hostOf(a net.Addr) string {
	h, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return h
}

func (s *syslog) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns >= s.m.config.Connections {
		return false
	}
	s.conns++
	return true
}

func (s *syslog) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns--
}

// receiver is the state of one connection.
type receiver struct {
	s      *syslog
	write  context.Context
	frames *frames
	from   string
	bundle bundle
}

// ok reports that lines are safe. When they are not, the connection must end: reading on would lose more of them.
func (r *receiver) ok(err error) bool {
	if err != nil {
		r.s.m.log.Error("log lines are lost: the spool did not take them", "from", r.from, "error", err)
	}
	return err == nil
}

// addWhole takes all whole frames that were read. It is false when the connection must end: its framing is broken, or the
// spool took nothing more.
func (r *receiver) addWhole() bool {
	for {
		line, tooLong, ok := r.frames.next()
		if !ok {
			if r.frames.broken {
				r.ok(r.bundle.add(r.write, r.frames.rest(), false))
				r.s.m.log.Warn("a sender of log lines is cut off: a length was expected", "from", r.from)
				return false
			}
			return true
		}
		if !r.ok(r.bundle.add(r.write, line, tooLong)) {
			return false
		}
	}
}

// addCut takes what the end of the stream cut. Line.Parse decides whether it is still good.
func (r *receiver) addCut() {
	if rest := r.frames.rest(); len(rest) > 0 {
		r.ok(r.bundle.add(r.write, rest, false))
	}
}
