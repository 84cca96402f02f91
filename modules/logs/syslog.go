package logs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// When stopping: how long a socket must be silent to be taken for empty, how long a busy one is read at most, and how long
// Postgres has to take what was read. Together they are below what the process has to stop in.
const (
	quiet       = 50 * time.Millisecond
	drainAtMost = 2 * time.Second
	writeAtMost = 12 * time.Second
)

// syslog receives lines over TCP. Syslog has no acknowledgement: what a sender has written and we have not read when either
// process is killed is lost, and only that.
type syslog struct {
	m  *Module
	up chan struct{} // closed when listening

	mu      sync.Mutex
	address string
	failed  error
	conns   int
}

func newSyslog(m *Module) *syslog { return &syslog{m: m, up: make(chan struct{})} }

// Listening is closed once lines are received, at ListenAddress.
func (m *Module) Listening() <-chan struct{} { return m.syslog.up }

// ListenAddress is where lines are received; "" before that and when logs.listen is empty.
func (m *Module) ListenAddress() string {
	m.syslog.mu.Lock()
	defer m.syslog.mu.Unlock()
	return m.syslog.address
}

func (s *syslog) health() error {
	if s.m.config.Listen == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil && s.address == "" {
		return errors.New("not listening for log lines yet")
	}
	return s.failed
}

// run receives until ctx ends. Then it accepts nobody, reads what the senders have already written, closes, and returns once
// everything read is committed.
func (s *syslog) run(ctx context.Context) (err error) {
	if s.m.config.Listen == "" {
		<-ctx.Done()
		return nil
	}
	listener, err := net.Listen("tcp", s.m.config.Listen)
	if err != nil {
		err = fmt.Errorf("logs.listen: %w", err)
		s.fail(err)
		return err
	}
	s.mu.Lock()
	s.address = listener.Addr().String()
	s.mu.Unlock()
	s.m.log.Info("receiving log lines", "address", listener.Addr().String())
	if ip, ok := listener.Addr().(*net.TCPAddr); ok && !ip.IP.IsLoopback() {
		s.m.log.Warn("log lines are taken from the network: whoever reaches logs.listen can bill any customer; keep it behind a firewall", "address", ip.String())
	}
	close(s.up)

	write, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	stopWriters := s.m.intake.start(write)
	context.AfterFunc(ctx, func() { listener.Close() })
	var conns sync.WaitGroup
	for {
		conn, err := listener.Accept()
		if err == nil {
			conns.Go(func() { s.receive(ctx, write, conn) })
			continue
		}
		if ctx.Err() == nil && errors.Is(err, net.ErrClosed) {
			s.fail(fmt.Errorf("logs.listen: %w", err))
		}
		if errors.Is(err, net.ErrClosed) {
			break
		}
		s.m.log.Warn("accept", "error", err)
		select { // out of file descriptors, most likely
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	late := time.AfterFunc(drainAtMost+writeAtMost, giveUp)
	defer late.Stop()
	conns.Wait()
	stopWriters()
	return s.health()
}

func (s *syslog) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = err
}

// receive reads one connection to its end. A batch goes out when it is full or when its first line has waited long enough.
func (s *syslog) receive(stop, write context.Context, conn net.Conn) {
	defer conn.Close()
	if !s.enter() {
		s.m.log.Warn("a sender of log lines is turned away: logs.connections is reached", "from", conn.RemoteAddr().String())
		return
	}
	defer s.leave()
	// A position is only good within its connection, so the source is the connection.
	r := &receiver{s: s, write: write, frames: newFrames(), source: "syslog:" + conn.RemoteAddr().String() + "/" + rand.Text()}
	defer r.hand()
	defer context.AfterFunc(stop, func() { conn.SetReadDeadline(time.Now()) })()
	var until time.Time // set when stopping
	for {
		if !r.addWhole() {
			return
		}
		if due := r.due(); until.IsZero() && !due.IsZero() && !time.Now().Before(due) {
			r.hand()
		}
		if until.IsZero() && stop.Err() != nil {
			until = time.Now().Add(drainAtMost)
		}
		stopping := !until.IsZero()
		if stopping {
			conn.SetReadDeadline(time.Now().Add(quiet))
		} else {
			conn.SetReadDeadline(r.due())
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
	source string
	line   Line
	batch  *batch // nil when nothing waits
	lines  int64  // so far
}

// addWhole takes all whole frames that were read. It is false when the connection must end: its framing is broken, or the
// process stopped while no batch was free.
func (r *receiver) addWhole() bool {
	for {
		line, tooLong, ok := r.frames.next()
		if !ok {
			if r.frames.broken {
				r.add(r.frames.rest(), false)
				r.s.m.log.Warn("a sender of log lines is cut off: a length was expected", "source", r.source, "line", r.lines)
				return false
			}
			return true
		}
		if !r.add(line, tooLong) {
			return false
		}
	}
}

// addCut takes what the end of the stream cut. Line.Parse decides whether it is still good.
func (r *receiver) addCut() {
	if rest := r.frames.rest(); len(rest) > 0 {
		r.add(rest, false)
	}
}

func (r *receiver) add(line []byte, tooLong bool) bool {
	if r.batch == nil {
		select {
		case r.batch = <-r.s.m.intake.empty:
		case <-r.write.Done():
			return false
		}
		r.batch.reset(r.source, r.lines, time.Now())
	}
	b := r.batch
	if tooLong {
		b.lines++
		b.reject(line, UnreadTooLong.Error())
	} else {
		b.add(line, &r.line, r.s.m.intake.settings)
	}
	r.lines++
	if b.lines >= r.s.m.config.BatchLines || len(b.text) >= maxBatchBytes {
		r.hand()
	}
	return true
}

// due is when the waiting batch goes out even if it is not full.
func (r *receiver) due() time.Time {
	if r.batch == nil {
		return time.Time{}
	}
	return r.batch.began.Add(time.Duration(r.s.m.config.BatchMs) * time.Millisecond)
}

func (r *receiver) hand() {
	if r.batch == nil {
		return
	}
	r.s.m.intake.full <- r.batch
	r.batch = nil
}
