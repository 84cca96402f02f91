package logs

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// logWriter writes numbered lines to a file, as HAProxy's log daemon does.
type logWriter struct {
	t    *testing.T
	path string
	file *os.File
	n    int
}

func newLogWriter(t *testing.T) *logWriter {
	w := &logWriter{t: t, path: filepath.Join(t.TempDir(), "haproxy.log")}
	w.open()
	t.Cleanup(func() { w.file.Close() })
	return w
}

func (w *logWriter) open() {
	w.t.Helper()
	var err error
	if w.file, err = os.OpenFile(w.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// write appends lines, in pieces that cut some of them.
func (w *logWriter) write(lines int) {
	w.t.Helper()
	var b []byte
	for range lines {
		b = append(append(b, line(w.n, now, "1001", "seal", 200, 1)...), '\n')
		w.n++
	}
	for len(b) > 0 {
		n := min(len(b), 777)
		if _, err := w.file.Write(b[:n]); err != nil {
			w.t.Fatal(err)
		}
		b = b[n:]
	}
}

// rotate renames the file and creates it anew; late lines still go to the old one.
func (w *logWriter) rotate(late int) {
	w.t.Helper()
	for i := 8; i > 0; i-- {
		_ = os.Rename(fmt.Sprint(w.path, ".", i), fmt.Sprint(w.path, ".", i+1))
	}
	if err := os.Rename(w.path, w.path+".1"); err != nil {
		w.t.Fatal(err)
	}
	w.write(late)
	w.file.Close()
	w.open()
}

// copyTruncate copies the file and empties it.
func (w *logWriter) copyTruncate() {
	w.t.Helper()
	text, err := os.ReadFile(w.path)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.path+"-20261124", text, 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Truncate(w.path, 0); err != nil {
		w.t.Fatal(err)
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	follow := func(t *testing.T, w *logWriter) (*room, func(*Config)) {
		only := func(c *Config) { c.Listen, c.Files, c.BatchLines = "", []string{w.path}, 70 }
		return setup(t, only), only
	}
	settled := func(r *room, w *logWriter) {
		r.t.Helper()
		r.await(w.n, allRows)
		if n := r.count(`select lines from logs.tails`); n != w.n {
			r.t.Errorf("the place says %d lines of %d", n, w.n)
		}
		if n := r.count(allLines); n != w.n {
			r.t.Errorf("%d lines read for %d written", n, w.n)
		}
		r.meter()
		r.sound()
	}

	t.Run("a file is followed through renames, while it is read and while it is not", func(t *testing.T) {
		t.Parallel()
		w := newLogWriter(t)
		r, only := follow(t, w)
		w.write(300)
		stop := r.runs()
		r.await(300, allRows)
		w.write(100)
		w.rotate(50)
		w.write(200)
		r.await(w.n, allRows)
		stop()
		w.write(30)
		w.rotate(5)
		w.write(40)
		w.rotate(5)
		w.write(20)
		again := on(t, r.db, only)
		stop = again.runs()
		settled(r, w)
		w.write(10)
		settled(r, w)
		stop()
	})

	t.Run("a file that is copied and truncated loses nothing that was copied", func(t *testing.T) {
		t.Parallel()
		w := newLogWriter(t)
		r, only := follow(t, w)
		w.write(200)
		stop := r.runs()
		r.await(200, allRows)
		stop()
		w.write(77) // not read when it is truncated
		w.copyTruncate()
		w.write(20)
		stop = on(t, r.db, only).runs()
		r.await(w.n, allRows)
		w.write(150)
		r.await(w.n, allRows)
		w.copyTruncate()
		w.write(150) // as long as before
		settled(r, w)
		stop()
	})

	t.Run("two processes that follow one file write its lines once", func(t *testing.T) {
		t.Parallel()
		w := newLogWriter(t)
		r, only := follow(t, w)
		stop, stopOther := r.runs(), on(t, r.db, only).runs()
		for range 20 {
			w.write(100)
		}
		r.await(w.n, allRows)
		stop()
		stopOther()
		if n := r.count(`select sum(stored) from logs.batches`); n != w.n {
			t.Errorf("%d stored of %d", n, w.n)
		}
		r.meter()
		r.sound()
	})

	t.Run("a last line without its end is read when it is rotated away, and one that is too long is stepped over", func(t *testing.T) {
		t.Parallel()
		w := newLogWriter(t)
		r, _ := follow(t, w)
		w.write(5)
		io.WriteString(w.file, string(bytes.Repeat([]byte("x"), 3*maxLineBytes))+"\n")
		w.write(5)
		whole := line(w.n, now, "1001", "seal", 200, 1)
		w.n++
		w.file.Write(whole[:len(whole)-3])
		stop := r.runs()
		r.await(10, allRows)
		w.rotate(0)
		w.write(1)
		r.await(12, allRows)
		stop()
		if n := r.count(`select count(*) from logs.rejects where reason = 'too_long'`); n != 1 {
			t.Errorf("%d rejects", n)
		}
		r.meter()
		r.sound()
	})
}
