package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"suiftly/internal/customer"
)

func TestFrames(t *testing.T) {
	t.Parallel()
	// The frames of a stream, read in pieces of every size up to a few.
	read := func(stream string, piece int) (got []string, rest string, broken bool) {
		f := newFrames()
		for len(stream) > 0 {
			n := copy(f.room(), stream[:min(piece, len(stream))])
			f.grew(n)
			stream = stream[n:]
			for {
				line, tooLong, ok := f.next()
				if !ok {
					break
				}
				if tooLong {
					got = append(got, "too long")
					continue
				}
				got = append(got, string(line))
			}
		}
		return got, string(f.rest()), f.broken
	}
	long := strings.Repeat("x", maxLineBytes)
	for _, c := range []struct{ name, stream, want, rest string }{
		{"newlines", "<1>a\n<2>b c\n", "<1>a|<2>b c", ""},
		{"CR LF, empty lines and NUL", "<1>a\r\n\n\r\n<2>b\x00\n\x00", "<1>a|<2>b", ""},
		{"a cut last line", "<1>a\n<2>b", "<1>a", "<2>b"},
		{"counted", "4 <1>a5 <2>bc", "<1>a|<2>bc", ""},
		{"counted, with a newline in and after it", "5 <1>\na5 <2>b\n\n4 <3>c", "<1>\na|<2>b|<3>c", ""},
		{"a cut counted frame", "4 <1>a9 <2>b", "<1>a", "<2>b"},
		{"a cut length", "4 <1>a9", "<1>a", ""},
		{"digits in a newline stream", "<1>a\n12 b\n", "<1>a|12 b", ""},
		{"lines without a header that begin with an address", "10.0.0.1:1 [a\n12 b\n", "10.0.0.1:1 [a|12 b", ""},
		{"the longest line", long + "\n<1>a\n", long + "|<1>a", ""},
		{"a line too long", long + "y\n<1>a\n", "too long|<1>a", ""},
		{"the longest counted line", fmt.Sprintf("%d %s4 <1>a", len(long), long), long + "|<1>a", ""},
		{"a counted line too long", fmt.Sprintf("%d %sy4 <1>a", len(long)+1, long), "too long|<1>a", ""},
		{"far too long", strings.Repeat(long, 5) + "\n<1>a\n", "too long|<1>a", ""},
	} {
		for _, piece := range []int{1, 2, 3, 7, 4096, 1 << 20} {
			if piece < 7 && len(c.stream) > 1000 {
				continue
			}
			got, rest, broken := read(c.stream, piece)
			if strings.Join(got, "|") != c.want || rest != c.rest || broken {
				t.Errorf("%s, %d at a time: %.80q rest %.80q broken %t", c.name, piece, got, rest, broken)
			}
		}
	}
	for _, stream := range []string{"4 <1>a<2>b", "0 ", "4 <1>aHTTP", "99999999999 a", "12345678 a", "5 <1>\na12a "} {
		if got, _, broken := read(stream, 1); !broken {
			t.Errorf("%q is taken for good: %q", stream, got)
		}
	}
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte("4 <1>a5 <2>bc"), uint8(3))
	f.Add([]byte("<1>a\n<2>b\r\n\n"), uint8(1))
	f.Add([]byte("65537 <1>a"), uint8(9))
	f.Fuzz(func(t *testing.T, stream []byte, piece uint8) {
		fr := newFrames()
		taken := 0
		for rest := stream; len(rest) > 0; {
			room := fr.room()
			if len(room) == 0 {
				t.Fatal("no room")
			}
			n := copy(room, rest[:min(int(piece)+1, len(rest))])
			fr.grew(n)
			rest = rest[n:]
			for {
				line, tooLong, ok := fr.next()
				if !ok {
					break
				}
				if taken += len(line); !tooLong && len(line) > maxLineBytes {
					t.Fatalf("a line of %d bytes", len(line))
				}
			}
		}
		if taken+len(fr.rest()) > len(stream) {
			t.Fatalf("%d bytes from %d", taken, len(stream))
		}
	})
}

func TestSyslog(t *testing.T) {
	t.Parallel()

	t.Run("the sample lines come in over TCP, framed either way", func(t *testing.T) {
		t.Parallel()
		lines := sampleLines(t)
		direct := setup(t)
		direct.take("a", 0, lines)
		r := setup(t)
		r.run()
		r.send(lines[:120], false)
		r.send(lines[60:], true)
		r.await(len(lines)+60, allLines)
		if r.rows() != direct.rows() {
			t.Error("other rows than by hand")
		}
		if n := r.count(`select sum(duplicates) from logs.batches`); n != 60 {
			t.Errorf("%d duplicates", n)
		}
		r.meter()
		r.sound()
	})

	t.Run("every line is accounted for, whatever is sent", func(t *testing.T) {
		t.Parallel()
		r := setup(t, func(c *Config) { c.BatchLines = 10 })
		r.run()
		var lines [][]byte
		for i := range 100 {
			lines = append(lines, line(i, now, "1001", "seal", 200, 1))
		}
		lines = append(lines, []byte("GET / HTTP/1.1"), bytes.Repeat([]byte("z"), maxLineBytes+5), line(100, now.AddDate(0, 0, -90), "1001", "seal", 200, 1))
		lines = append(lines, lines[3])
		r.send(lines, false)
		r.await(104, allLines)
		got := r.texts(`select row(sum(stored), sum(duplicates), sum(rejected), sum(quarantined))::text from logs.batches`)[0]
		if got != "(100,1,2,1)" {
			t.Error(got)
		}
		if got := strings.Join(r.texts(`select reason from logs.rejects order by reason`), " "); got != "header too_long" {
			t.Error(got)
		}
	})

	t.Run("a line that the connection cut counts only when it is whole but for its path", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.run()
		for i, keep := range []int{5, 60} {
			conn, err := net.Dial("tcp", r.ListenAddress())
			if err != nil {
				t.Fatal(err)
			}
			whole := line(i, now, "1001", "seal", 200, 1)
			conn.Write(whole[:len(whole)-keep])
			conn.Close()
		}
		r.await(2, allLines)
		if n := r.count(allRows); n != 1 {
			t.Errorf("%d rows", n)
		}
		if n := r.count(`select count(*) from logs.rejects where reason = 'cut'`); n != 1 {
			t.Errorf("%d cut", n)
		}
	})

	t.Run("a sender whose framing breaks is cut off, and what was good stays", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.run()
		conn, err := net.Dial("tcp", r.ListenAddress())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		l := line(1, now, "1001", "seal", 200, 1)
		fmt.Fprintf(conn, "%d %sgarbage", len(l), l)
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("still open: %v", err)
		}
		r.await(2, allLines)
		if n := r.count(allRows); n != 1 {
			t.Errorf("%d rows", n)
		}
	})

	t.Run("stopping writes what senders have written", func(t *testing.T) {
		t.Parallel()
		r := setup(t, func(c *Config) { c.BatchMs = 60000; c.BatchLines = 300 })
		stop := r.run()
		conn, err := net.Dial("tcp", r.ListenAddress())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var b []byte
		for i := range 1000 {
			b = append(append(b, line(i, now, "1001", "seal", 200, 1)...), '\n')
		}
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err)
		}
		// The connection stays open: nothing but the stop makes the last batch go out. 900 lines show that it is being read.
		r.await(900, allLines)
		stop()
		if n := r.count(allRows); n != 1000 {
			t.Errorf("%d rows", n)
		}
		if _, err := net.Dial("tcp", r.ListenAddress()); err == nil {
			t.Error("still accepts")
		}
	})

	t.Run("a sender that never pauses does not keep it from stopping", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		stop := r.run()
		conn, err := net.Dial("tcp", r.ListenAddress())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for i := 0; ; i++ {
				if _, err := conn.Write(append(line(i%5000, now, "1001", "seal", 200, 1), '\n')); err != nil {
					return
				}
			}
		}()
		for r.count(allRows) == 0 {
			time.Sleep(time.Millisecond)
		}
		began := time.Now()
		stop()
		if took := time.Since(began); took > drainAtMost+writeAtMost {
			t.Errorf("stopped after %s", took)
		}
		<-sent
		r.meter()
		r.sound()
	})

	t.Run("without Postgres senders are held back in bounded memory, and then everything arrives", func(t *testing.T) {
		t.Parallel()
		r := setup(t, func(c *Config) { c.BatchLines = 50; c.Writers = 1 })
		var down atomic.Bool
		down.Store(true)
		known := r.Known
		r.Known = func(ctx context.Context, ids []customer.ID) (map[customer.ID]bool, error) {
			if down.Load() {
				return nil, errors.New("connection refused")
			}
			return known(ctx, ids)
		}
		r.run()
		conn, err := net.Dial("tcp", r.ListenAddress())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		// Far more than the spool and the socket's buffers hold.
		const lines = 60000
		sent := make(chan error, 1)
		var progress atomic.Int64
		go func() {
			for i := range lines {
				if _, err := conn.Write(append(line(i, now, "1001", "seal", 200, 1), '\n')); err != nil {
					sent <- err
					return
				}
				progress.Add(1)
			}
			sent <- nil
		}()
		for before := int64(-1); before != progress.Load(); time.Sleep(200 * time.Millisecond) {
			before = progress.Load()
		}
		if progress.Load() == lines {
			t.Fatal("the sender was never held back")
		}
		down.Store(false)
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		r.await(lines, allRows)
		r.meter()
		r.sound()
	})

	t.Run("more senders than configured are turned away", func(t *testing.T) {
		t.Parallel()
		r := setup(t, func(c *Config) { c.Connections = 1 })
		r.run()
		first, err := net.Dial("tcp", r.ListenAddress())
		if err != nil {
			t.Fatal(err)
		}
		defer first.Close()
		fmt.Fprintf(first, "%s\n", line(1, now, "1001", "seal", 200, 1))
		r.await(1, allRows)
		second, err := net.Dial("tcp", r.ListenAddress())
		if err != nil {
			t.Fatal(err)
		}
		defer second.Close()
		second.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := second.Read(make([]byte, 1)); err == nil {
			t.Error("not turned away")
		}
		fmt.Fprintf(first, "%s\n", line(2, now, "1001", "seal", 200, 1))
		r.await(2, allRows)
	})

	t.Run("health tells a port that is taken", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		if r.Health(context.Background()) == nil {
			t.Error("healthy before it listens")
		}
		r.run()
		if err := r.Health(context.Background()); err != nil {
			t.Error(err)
		}
		other := on(t, r.db, func(c *Config) { c.Listen = r.ListenAddress() })
		if err := other.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "logs.listen") {
			t.Error(err)
		}
		if other.Health(context.Background()) == nil {
			t.Error("healthy without its port")
		}
		off := on(t, r.db, func(c *Config) { c.Listen = "" })
		if err := off.Health(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	if errs := DefaultConfig().Validate(); len(errs) > 0 {
		t.Error(errs)
	}
	bad := Config{Listen: "nowhere", BillableFrom: 300, BillableTo: 200, ClientIP: "some", OldDays: 90, RetentionDays: 90}
	got := fmt.Sprint(bad.Validate())
	for _, key := range []string{"listen", "connections", "spool_dir", "spool_mb", "zone", "batch_lines", "batch_ms", "writers", "meter_batches", "billable_from", "client_ip", "retention_days"} {
		if !strings.Contains(got, "logs."+key+":") {
			t.Errorf("logs.%s is not complained about in %s", key, got)
		}
	}
}
