package logs

import (
	"bytes"
	"compress/gzip"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func logFile(t testing.TB, name string, lines [][]byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	text := append(bytes.Join(lines, []byte{'\n'}), '\n')
	switch filepath.Ext(name) {
	case ".gz":
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		half := len(text) / 2
		w.Write(text[:half])
		w.Close()
		w = gzip.NewWriter(&out) // two members, as a file that was appended to has
		w.Write(text[half:])
		w.Close()
		text = out.Bytes()
	case ".zst":
		w, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		text = w.EncodeAll(text, nil)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func (r *room) imports(files ...string) []Imported {
	r.t.Helper()
	done, err := r.Import(context.Background(), files, ImportOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, d := range done {
		if d.Lines != d.Stored+d.Duplicates+d.Rejected+d.Quarantined+d.AlreadyRecorded {
			r.t.Errorf("lines are missing: %+v", d)
		}
	}
	return done
}

func TestImport(t *testing.T) {
	t.Parallel()

	t.Run("the same lines, whole, renamed, compressed, split and shuffled, are the same rows and totals", func(t *testing.T) {
		t.Parallel()
		lines := numbered(12_000)
		for _, file := range sampleFiles[1:] {
			for i := range 3 { // lines alike, of a format that cannot tell them apart
				lines = append(lines, linesOf(t, file)[i:]...)
			}
		}
		r := setup(t, func(c *Config) { c.FutureMinutes = 24 * 60 })
		first := r.imports(logFile(t, "a.log", lines))[0]
		if first.Lines != int64(len(lines)) || first.Stored == 0 || first.AlreadyRecorded != 0 {
			t.Errorf("%+v", first)
		}
		r.meter()
		rows, totals := r.rows(), r.totals()
		for _, name := range []string{"renamed.log", "b.gz", "c.zst"} {
			if again := r.imports(logFile(t, name, lines))[0]; again.AlreadyRecorded != int64(len(lines)) {
				t.Errorf("%s: %+v", name, again)
			}
		}
		mixed := shuffled(lines, 3)
		third := len(mixed) / 3
		r.imports(logFile(t, "1.log", mixed[:third]), logFile(t, "2.gz", mixed[third:2*third]), logFile(t, "3.log", mixed[2*third:]))
		r.meter()
		if r.rows() != rows || r.totals() != totals {
			t.Error("rows or totals changed")
		}
		r.sound()
		// A database that only saw the parts is the same.
		other := setup(t, func(c *Config) { c.FutureMinutes = 24 * 60 })
		other.imports(logFile(t, "1.log", mixed[:third]), logFile(t, "2.gz", mixed[third:2*third]), logFile(t, "3.log", mixed[2*third:]))
		other.meter()
		if other.rows() != rows || other.totals() != totals {
			t.Error("split and shuffled they are other rows or totals")
		}
	})

	t.Run("killed anywhere and started again, nothing is lost or there twice", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		lines := numbered(23_000)
		file := logFile(t, "a.log", lines)
		for range 6 {
			ctx, kill := context.WithCancel(context.Background())
			killAt := rand.Int64N(int64(len(lines)))
			_, _ = r.Import(ctx, []string{file}, ImportOptions{Progress: func(p ImportProgress) {
				if p.Total > 0 && p.Lines >= killAt {
					kill()
				}
			}})
			kill()
		}
		done := r.imports(file)[0]
		if n := r.count(allRows); n != len(lines) || done.Duplicates != 0 {
			t.Errorf("%d rows, %+v", n, done)
		}
		if n := r.count(allLines); n != len(lines) {
			t.Errorf("%d lines", n)
		}
		r.meter()
		r.sound()
	})

	t.Run("a dry run writes nothing and tells what would come of it", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		lines := append(numbered(100), []byte("nonsense"), line(1, now.AddDate(0, 0, -50), "1001", "seal", 200, 1), line(2, now, "5", "seal", 200, 1), bytes.Repeat([]byte("x"), 3*maxLineBytes))
		var told ImportProgress
		done, err := r.Import(context.Background(), []string{logFile(t, "a.log", lines)}, ImportOptions{DryRun: true, Progress: func(p ImportProgress) { told = p }})
		if err != nil {
			t.Fatal(err)
		}
		d := done[0]
		if d.Lines != 104 || d.Stored != 101 || d.Rejected != 2 || d.Quarantined != 1 || d.Unattributed != 1 || d.Reasons["header"] != 1 || d.Reasons["too_long"] != 1 || !d.Last.Equal(now) {
			t.Errorf("%+v", d)
		}
		if told.Done != told.Total || told.Lines != 104 {
			t.Errorf("%+v", told)
		}
		if n := r.count(`select count(*) from logs.batches`); n != 0 {
			t.Error("something was written")
		}
	})

	t.Run("the longest lines, ended in every way", func(t *testing.T) {
		t.Parallel()
		path := strings.Repeat("p", maxLineBytes)
		for _, end := range []string{"", "\n", "\r\n"} {
			start := `sft/1 - ` + "1795474985000000" + ` 1001 seal 7 200 1 1 1 ---- 10.0.0.1 b s GET /`
			file := filepath.Join(t.TempDir(), "a")
			exact := start + path[:maxLineBytes-len(start)]
			if err := os.WriteFile(file, []byte(exact+end+exact+"y"+end+exact), 0o600); err != nil {
				t.Fatal(err)
			}
			r := setup(t)
			done := r.imports(file)[0]
			if end == "" && done.Rejected != 1 || end != "" && (done.Lines != 3 || done.Rejected != 1 || done.Stored != 1) {
				t.Errorf("%q: %+v", end, done)
			}
		}
	})

	t.Run("a file that is no file, or is cut, says so", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		whole, err := os.ReadFile(logFile(t, "a.gz", numbered(1000)))
		if err != nil {
			t.Fatal(err)
		}
		cut := filepath.Join(t.TempDir(), "cut.gz")
		if err := os.WriteFile(cut, whole[:len(whole)/2], 0o600); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{cut, t.TempDir(), "nowhere"} {
			if _, err := r.Import(context.Background(), []string{file}, ImportOptions{}); err == nil || !strings.Contains(err.Error(), file) {
				t.Errorf("%s: %v", file, err)
			}
		}
		if n := r.count(allRows); n != 0 {
			t.Errorf("%d rows", n)
		}
	})
}
