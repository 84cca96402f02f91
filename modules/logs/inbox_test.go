package logs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/spool"
)

// fill puts lines in a spool as some receivers at once would, and leaves the last batches open, as a kill does.
func (r *room) fill(in *inbox, lines [][]byte, receivers int) {
	r.t.Helper()
	bundles := make([]bundle, receivers)
	for i := range bundles {
		bundles[i] = bundle{in: in, source: fmt.Sprint("tcp/10.0.0.", i)}
	}
	for len(lines) > 0 {
		n := min(len(lines), 1+rand.IntN(9))
		b := &bundles[rand.IntN(receivers)]
		for _, line := range lines[:n] {
			if err := b.add(context.Background(), line, false); err != nil {
				r.t.Fatal(err)
			}
		}
		if err := b.flush(context.Background(), rand.IntN(20) == 0); err != nil {
			r.t.Fatal(err)
		}
		lines = lines[n:]
	}
	if err := in.spool.Sync(); err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) inbox() *inbox {
	r.t.Helper()
	in, err := openInbox(r.Module)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { in.spool.Close() })
	return in
}

func numbered(n int) (lines [][]byte) {
	for i := range n {
		lines = append(lines, line(i, now.Add(-time.Duration(i)*time.Millisecond), fmt.Sprint(1001+i%9), "seal", 200, i))
	}
	return lines
}

func TestInbox(t *testing.T) {
	t.Parallel()

	t.Run("killed again and again while it is written, a spool is there once, batch by batch", func(t *testing.T) {
		t.Parallel()
		r := setup(t, func(c *Config) { c.BatchLines = 40 })
		lines := numbered(6000)
		in := r.inbox()
		r.fill(in, lines, 5)
		in.spool.Close()
		var written atomic.Int64
		known := r.Known
		var kill context.CancelFunc
		var killAt int64
		r.Known = func(ctx context.Context, ids []customer.ID) (map[customer.ID]bool, error) {
			if written.Add(1) > killAt {
				kill()
			}
			return known(ctx, ids)
		}
		rounds := 0
		for done := false; !done; rounds++ {
			in := r.inbox()
			var ctx context.Context
			ctx, kill = context.WithCancel(context.Background())
			written.Store(0)
			killAt = 10 + rand.Int64N(30)
			r.intake.known.mu.Lock()
			clear(r.intake.known.until) // so that Known is asked by every batch
			r.intake.known.mu.Unlock()
			d := newDrain(r.Module, in.spool)
			d.finish()
			done = d.run(ctx) == nil && in.spool.Stats().Waiting == 0
			kill()
			if rand.IntN(2) == 0 { // a loss of power may lose what was forgotten
				os.Remove(filepath.Join(in.spool.Dir(), "cursor"))
			}
			in.spool.Close()
			if rounds > 500 {
				t.Error("it is never written")
				break
			}
		}
		if n := r.count(allRows); n != len(lines) {
			t.Errorf("%d rows", n)
		}
		if n := r.count(allLines); n != len(lines) {
			t.Errorf("%d lines in batches: a batch was another when it was read again", n)
		}
		if n := r.count(`select sum(duplicates) from logs.batches`); n != 0 {
			t.Errorf("%d duplicates", n)
		}
		r.meter()
		r.sound()
	})

	t.Run("damage is counted, set aside and shown, and costs no other line", func(t *testing.T) {
		t.Parallel()
		r := setup(t, func(c *Config) { c.BatchLines = 20 })
		lines := numbered(400)
		in := r.inbox()
		r.fill(in, lines, 3)
		dir := in.spool.Dir()
		in.spool.Close()
		files, err := filepath.Glob(filepath.Join(dir, "*.seg"))
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		raw, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		for at := 1000; at < len(raw); at += len(raw) / 6 {
			raw[at] ^= 0xff
		}
		if err := os.WriteFile(files[0], raw, 0o600); err != nil {
			t.Fatal(err)
		}
		in = r.inbox()
		d := newDrain(r.Module, in.spool)
		d.finish()
		if err := d.run(context.Background()); err != nil {
			t.Fatal(err)
		}
		damaged := r.count(`select count(*) from logs.rejects where reason = 'damaged' and line like '%bytes at % are damaged, set aside in%'`)
		if st := in.spool.Stats(); damaged == 0 || damaged != st.Damaged || st.Waiting != 0 {
			t.Errorf("%d rejects, %+v", damaged, st)
		}
		rows := r.count(allRows)
		if rows > len(lines)-damaged || rows < len(lines)-9*(damaged+1) {
			t.Errorf("%d rows of %d lines with %d chunks damaged", rows, len(lines), damaged)
		}
		if n := r.count(allLines); n != rows+damaged {
			t.Errorf("%d lines, %d rows, %d damaged", n, rows, damaged)
		}
		r.meter()
		r.sound()
	})

	t.Run("what a replica left behind is written by the next on the host, beside its own", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		shared := func(c *Config) { c.SpoolDir = dir }
		r := setup(t, shared)
		lines := numbered(300)
		one, two := r.inbox(), r.inbox()
		if filepath.Base(one.spool.Dir()) != "0" || filepath.Base(two.spool.Dir()) != "1" {
			t.Fatal(one.spool.Dir(), two.spool.Dir())
		}
		r.fill(one, lines[:100], 2)
		r.fill(two, lines[100:200], 2)
		one.spool.Close()
		two.spool.Close()
		stop := r.run()
		r.send(lines[200:], true)
		r.await(300, allRows)
		stop()
		if said, err := r.Spools(); err != nil || len(said) != 2 || !strings.HasSuffix(said[1], "1: 0 bytes wait for the database") {
			t.Errorf("%q %v", said, err)
		}
		for _, n := range []string{"0", "1"} {
			if st, err := spool.Look(filepath.Join(dir, n)); err != nil || st.Waiting != 0 {
				t.Errorf("%s: %+v %v", n, st, err)
			}
		}
		if n := r.count(allLines); n != 300 {
			t.Errorf("%d lines", n)
		}
	})

	t.Run("two requests that HAProxy logs alike are two rows, and stay two when they come again", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		alike := []byte(now.Format(`10.0.0.1:4812 [02/Jan/2006:15:04:05.000]`) + ` fe be_seal/s1 0/0/0/2/2 200 132 - - ---- 1/1/0/0/0 0/0 {1001|seal} "GET /v1/x HTTP/1.1"`)
		other := append([]byte("10.0.0.2"), alike[8:]...)
		stop := r.run()
		r.send([][]byte{alike, other, alike}, false)
		r.await(3, allRows)
		r.send([][]byte{alike, alike}, true) // a second replica was sent the same
		r.await(5, allLines)
		stop()
		if n := r.count(allRows); n != 3 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestPackets(t *testing.T) {
	t.Parallel()
	r := setup(t, func(c *Config) { c.Listen, c.ListenUDP = "", "127.0.0.1:0" })
	stop := r.run()
	r.syslog.mu.Lock()
	at := r.syslog.udp
	r.syslog.mu.Unlock()
	conn, err := net.Dial("udp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	lines := sampleLines(t)
	for _, l := range lines {
		if _, err := conn.Write(append(l, '\n')); err != nil {
			t.Fatal(err)
		}
	}
	conn.Write([]byte("nonsense"))
	r.await(len(lines)+1, allLines)
	conn.Write(line(1, now, "1001", "seal", 200, 1))
	stop()
	if n := r.count(allRows); n != len(lines)+1 {
		t.Errorf("%d rows", n)
	}
	if got := r.texts(`select distinct split_part(source, '@', 1) from logs.batches`); strings.Join(got, " ") != "udp/127.0.0.1" {
		t.Errorf("%q", got)
	}
}

func FuzzChunk(f *testing.F) {
	f.Add(chunk{first: true, source: "tcp/1", lines: appendLine(nil, []byte("a"), 1, false)}.append(nil))
	f.Add(chunk{last: true, batch: 77, lines: appendLine(nil, []byte("b"), 0, true)}.append(nil))
	f.Fuzz(func(t *testing.T, record []byte) {
		c, err := chunkOf(record)
		if err != nil {
			return
		}
		again, err := chunkOf(c.append(nil))
		if err != nil || again.source != c.source || again.batch != c.batch || string(again.lines) != string(c.lines) {
			t.Fatalf("%+v %+v %v", c, again, err)
		}
		for rest := c.lines; len(rest) > 0; {
			if _, _, _, rest, err = cutLine(rest); err != nil {
				return
			}
		}
	})
}
