package spool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func open(t testing.TB, dir string, maxBytes int64) *Spool {
	t.Helper()
	s, err := Open(dir, maxBytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func add(t testing.TB, s *Spool, record string) int64 {
	t.Helper()
	at, err := s.Append([]byte(record))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func synced(t testing.TB, s *Spool) {
	t.Helper()
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
}

// all reads everything that is not forgotten; damage comes as "!".
func all(t testing.TB, s *Spool) (records []string, damages []*Damage) {
	t.Helper()
	var buf []byte
	for at := s.First(); ; {
		record, next, err := s.Read(at, buf)
		var d *Damage
		switch {
		case err == nil:
			records = append(records, string(record))
			buf = record
			at = next
		case errors.As(err, &d):
			damages = append(damages, d)
			at = d.To
		case errors.Is(err, io.EOF):
			return records, damages
		default:
			t.Fatal(err)
		}
	}
}

func TestSpool(t *testing.T) {
	t.Parallel()

	t.Run("what was appended is there in order, also when the folder is opened again", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := open(t, dir, LeastBytes)
		var want []string
		for i := range 400 { // some segments
			want = append(want, strings.Repeat(strconv.Itoa(i%10), 1+i*7%900))
			add(t, s, want[i])
		}
		want = append(want, "")
		add(t, s, "")
		if got, _ := all(t, s); len(got) == len(want) {
			t.Error("records are read before they are synced")
		}
		synced(t, s)
		if got, damaged := all(t, s); strings.Join(got, "|") != strings.Join(want, "|") || damaged != nil {
			t.Fatalf("%d records, damage %v", len(got), damaged)
		}
		id, end := s.ID(), s.End()
		s.Close()
		s = open(t, dir, LeastBytes)
		if got, _ := all(t, s); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%d records", len(got))
		}
		if s.ID() != id || s.End() != end || add(t, s, "x") != end {
			t.Error("another identity or position")
		}
	})

	t.Run("what is forgotten frees its place, and positions never come again", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := open(t, dir, LeastBytes)
		record := strings.Repeat("x", 10_000)
		n := 0
		for ; ; n++ {
			if _, err := s.Append([]byte(record)); errors.Is(err, ErrFull) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if st := s.Stats(); n < 40 || st.Bytes > LeastBytes || st.Waiting != st.Bytes {
			t.Fatalf("%d records, %+v", n, st)
		}
		synced(t, s)
		waited := make(chan int64)
		go func() {
			at, err := s.AppendWhenRoom(t.Context(), []byte("late"))
			if err != nil {
				t.Error(err)
			}
			waited <- at
		}()
		end := s.End()
		if err := s.Forget(end); err != nil {
			t.Fatal(err)
		}
		if at := <-waited; at != end {
			t.Errorf("appended at %d, want %d", at, end)
		}
		synced(t, s)
		if got, _ := all(t, s); len(got) != 1 || got[0] != "late" {
			t.Fatalf("%.50q", got)
		}
		if _, _, err := s.Read(0, nil); !errors.Is(err, ErrForgotten) {
			t.Errorf("%v", err)
		}
		s.Close()
		s = open(t, dir, LeastBytes)
		if got, _ := all(t, s); len(got) != 1 || s.First() != end {
			t.Errorf("%.50q from %d", got, s.First())
		}
		s.Forget(s.End())
		end = s.End()
		s.Close()
		files, _ := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix))
		for _, f := range files {
			os.Remove(f)
		}
		s = open(t, dir, LeastBytes)
		if at := add(t, s, "x"); at != end {
			t.Errorf("position %d comes again, %d is next", at, end)
		}
	})

	t.Run("a second process is told", func(t *testing.T) {
		t.Parallel()
		s := open(t, t.TempDir(), LeastBytes)
		if _, err := Open(s.Dir(), LeastBytes); !errors.Is(err, ErrInUse) {
			t.Errorf("%v", err)
		}
	})

	t.Run("a record that no spool can hold is refused, not waited for", func(t *testing.T) {
		t.Parallel()
		s := open(t, t.TempDir(), LeastBytes)
		if _, err := s.AppendWhenRoom(t.Context(), make([]byte, LeastBytes/2)); !errors.Is(err, ErrTooLong) {
			t.Errorf("%v", err)
		}
	})

	t.Run("the age of the oldest waiting record is known", func(t *testing.T) {
		t.Parallel()
		s := open(t, t.TempDir(), LeastBytes)
		if !s.Stats().Oldest.IsZero() {
			t.Error("an empty spool has an oldest record")
		}
		before := time.Now().Truncate(time.Millisecond)
		add(t, s, "a")
		synced(t, s)
		if at := s.Stats().Oldest; at.Before(before) || at.After(time.Now()) {
			t.Errorf("%v", at)
		}
		if st, err := Look(s.Dir()); err != nil || st.Oldest != s.Stats().Oldest || st.Waiting != s.Stats().Waiting {
			t.Errorf("%+v %v", st, err)
		}
		s.Forget(s.End())
		if st, err := Look(s.Dir()); err != nil || st.Waiting != 0 || !st.Oldest.IsZero() {
			t.Errorf("%+v %v", st, err)
		}
	})

	t.Run("a reader is woken by what is synced", func(t *testing.T) {
		t.Parallel()
		s := open(t, t.TempDir(), LeastBytes)
		woken := make(chan error)
		go func() { woken <- s.Await(t.Context(), 0) }()
		add(t, s, "a")
		synced(t, s)
		if err := <-woken; err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Await(ctx, s.End()); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})

	t.Run("many append at once", func(t *testing.T) {
		t.Parallel()
		s := open(t, t.TempDir(), 8<<20)
		var all8 sync.WaitGroup
		for w := range 8 {
			all8.Go(func() {
				for i := range 200 {
					if _, err := s.Append(fmt.Appendf(nil, "%d-%d", w, i)); err != nil {
						t.Error(err)
					}
					if err := s.Sync(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all8.Wait()
		got, _ := all(t, s)
		next := map[string]int{}
		for _, r := range got {
			w, i, _ := strings.Cut(r, "-")
			if strconv.Itoa(next[w]) != i {
				t.Fatalf("%q comes after %d", r, next[w]-1)
			}
			next[w]++
		}
		if len(got) != 1600 {
			t.Errorf("%d records", len(got))
		}
	})
}

// segmentFile is the only one.
func segmentFile(t testing.TB, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	return files[0]
}

func TestDamage(t *testing.T) {
	t.Parallel()
	records := []string{"the first", "", strings.Repeat("second ", 20), string(magic[:]) + " in a body", "the last"}
	build := func(t *testing.T) (dir string, ends []int64) {
		dir = t.TempDir()
		s := open(t, dir, LeastBytes)
		for _, r := range records {
			add(t, s, r)
			ends = append(ends, s.End())
		}
		s.Close()
		return dir, ends
	}

	t.Run("cut anywhere, the whole records stay, the torn one is set aside and writing goes on", func(t *testing.T) {
		t.Parallel()
		dir, ends := build(t)
		whole, err := os.ReadFile(segmentFile(t, dir))
		if err != nil {
			t.Fatal(err)
		}
		for cut := range whole {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "00000000000000000000"+segmentSuffix), whole[:cut], 0o600); err != nil {
				t.Fatal(err)
			}
			s := open(t, dir, LeastBytes)
			want, clean := []string{}, cut == 0
			for i, end := range ends {
				if int64(cut) >= end {
					want = append(want, records[i])
					clean = clean || int64(cut) == end
				}
			}
			if st := s.Stats(); (st.Torn == 0) != clean || st.Damaged != 0 {
				t.Fatalf("cut at %d: %+v", cut, st)
			}
			add(t, s, "new")
			synced(t, s)
			got, damaged := all(t, s)
			if strings.Join(got, "|") != strings.Join(append(want, "new"), "|") || damaged != nil {
				t.Fatalf("cut at %d: %q, damage %v", cut, got, damaged)
			}
			s.Close()
		}
	})

	t.Run("any byte changed costs its own record, which is set aside and counted", func(t *testing.T) {
		t.Parallel()
		dir, ends := build(t)
		whole, err := os.ReadFile(segmentFile(t, dir))
		if err != nil {
			t.Fatal(err)
		}
		for at := range ends[len(ends)-2] { // not the last record: that would be a torn one
			hurt := 0
			for ends[hurt] <= at {
				hurt++
			}
			dir := t.TempDir()
			bad := append([]byte(nil), whole...)
			bad[at] ^= 0x41
			if err := os.WriteFile(filepath.Join(dir, "00000000000000000000"+segmentSuffix), bad, 0o600); err != nil {
				t.Fatal(err)
			}
			for range 2 { // once more: what is set aside is set aside once
				s := open(t, dir, LeastBytes)
				got, damaged := all(t, s)
				want := append(append([]string{}, records[:hurt]...), records[hurt+1:]...)
				if strings.Join(got, "|") != strings.Join(want, "|") || len(damaged) != 1 || s.Stats().Damaged != 1 {
					t.Fatalf("byte %d: %q, damage %v", at, got, damaged)
				}
				kept, err := os.ReadFile(damaged[0].File)
				if from := damaged[0].From; err != nil || string(kept) != string(bad[from:damaged[0].To]) || damaged[0].To != ends[hurt] {
					t.Fatalf("byte %d: set aside %d bytes of %d to %d: %v", at, len(kept), from, damaged[0].To, err)
				}
				s.Close()
			}
		}
	})

	t.Run("a segment that is missing or cut short is damage", func(t *testing.T) {
		t.Parallel()
		for _, missing := range []bool{true, false} {
			dir := t.TempDir()
			s := open(t, dir, LeastBytes)
			record := strings.Repeat("y", 30_000)
			for i := range 8 {
				add(t, s, record+strconv.Itoa(i))
			}
			s.Close()
			files, _ := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix))
			if len(files) != 4 {
				t.Fatal(files)
			}
			want := "0123567"
			if missing {
				want = "014567"
				os.Remove(files[1])
			} else {
				os.Truncate(files[2], 20_000)
				want = "012367"
			}
			s = open(t, dir, LeastBytes)
			got, damaged := all(t, s)
			ends := ""
			for _, r := range got {
				ends += r[len(r)-1:]
			}
			if ends != want || len(damaged) != 1 {
				t.Errorf("missing %t: records %s, want %s, damage %v", missing, ends, want, damaged)
			}
		}
	})
}

// TestMain lets the test binary be the process that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("SPOOL_TEST_DIR"); dir != "" {
		s, err := Open(dir, 64<<20)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		for i, _ := strconv.Atoi(os.Getenv("SPOOL_TEST_FROM")); ; i++ {
			if _, err := s.Append(fmt.Appendf(nil, "%d %s", i, strings.Repeat("z", i*31%5000))); err != nil {
				os.Exit(1)
			}
			if i%7 == 0 {
				if err := s.Sync(); err != nil {
					os.Exit(1)
				}
				fmt.Println(i)
			}
		}
	}
	os.Exit(m.Run())
}

func TestKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	next := 0
	for round := range 10 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "SPOOL_TEST_DIR="+dir, "SPOOL_TEST_FROM="+strconv.Itoa(next))
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		durable, stopAfter := -1, 1+rand.IntN(60)
		for n := 0; lines.Scan(); n++ {
			durable, _ = strconv.Atoi(lines.Text())
			if n == stopAfter {
				child.Process.Kill()
			}
		}
		child.Wait()
		s := open(t, dir, 64<<20)
		got, damaged := all(t, s)
		for i, r := range got {
			if n, _, _ := strings.Cut(r, " "); n != strconv.Itoa(i) {
				t.Fatalf("round %d: record %d is %s", round, i, n)
			}
		}
		if len(got) <= durable || damaged != nil {
			t.Fatalf("round %d: %d records, %d were synced, damage %v", round, len(got), durable, damaged)
		}
		next = len(got)
		s.Close()
	}
}

func BenchmarkAppend(b *testing.B) {
	s := open(b, b.TempDir(), 1<<30)
	record := make([]byte, 32<<10)
	b.SetBytes(int64(len(record)))
	for b.Loop() {
		if _, err := s.Append(record); err != nil {
			b.Fatal(err)
		}
		if s.Stats().Bytes > 512<<20 {
			if err := errors.Join(s.Sync(), s.Forget(s.End())); err != nil {
				b.Fatal(err)
			}
		}
	}
}
