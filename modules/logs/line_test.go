package logs

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/lines.golden from what the parser says")

// Real lines, as HAProxy 2.6 wrote them: JSON, text and httplog.
var sampleFiles = []string{"testdata/haproxy.log", "testdata/haproxy-text.log", "testdata/haproxy-httplog.log"}

func sampleLines(t testing.TB) [][]byte {
	t.Helper()
	lines := linesOf(t, sampleFiles[0])
	if len(lines) < 200 {
		t.Fatalf("%d sample lines", len(lines))
	}
	return lines
}

func linesOf(t testing.TB, file string) [][]byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines [][]byte
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		lines = append(lines, bytes.Clone(s.Bytes()))
	}
	return lines
}

// shown is a Line as the golden file writes it.
func shown(l *Line) string {
	ip := ""
	if l.ClientIP.IsValid() {
		ip = l.ClientIP.String()
	}
	id := "-"
	if l.HasID {
		id = hex.EncodeToString(l.ID[:])
	}
	s := fmt.Sprintf("id=%s t=%d c=%q s=%q k=%q m=%q st=%d bo=%d bi=%d d=%d ip=%s be=%q sv=%q ts=%q reached=%t p=%q", id, l.AtMicros,
		l.Customer, l.Service, l.KeyID, l.Method, l.Status, l.BytesSent, l.BytesReceived, l.DurationMs, ip, l.Backend, l.Server,
		l.Termination, l.Reached(), l.Path)
	if l.Truncated {
		s += " truncated"
	}
	return s
}

// A golden file holds, for each case, a name, a line and what is read from it. A line in double quotes is a Go string.
func TestGolden(t *testing.T) {
	for _, name := range []string{"testdata/lines.golden", "testdata/text.golden", "testdata/httplog.golden"} {
		t.Run(name, func(t *testing.T) { golden(t, name) })
	}
}

func golden(t *testing.T, name string) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(strings.TrimSpace(string(text)), "\n\n")
	var out []string
	for _, block := range blocks {
		rows := strings.SplitN(block, "\n", 3)
		if len(rows) < 2 {
			t.Fatalf("block %q", block)
		}
		raw := rows[1]
		if strings.HasPrefix(raw, `"`) {
			if raw, err = strconv.Unquote(raw); err != nil {
				t.Fatalf("%s: %v", rows[0], err)
			}
		}
		var l Line
		got := ""
		if err := l.Parse([]byte(raw)); err != nil {
			got = "unread: " + err.Error()
		} else {
			got = shown(&l)
		}
		out = append(out, rows[0]+"\n"+rows[1]+"\n"+got)
		if !*update && (len(rows) < 3 || rows[2] != got) {
			t.Errorf("%s\n got %s\nwant %s", rows[0], got, strings.Join(rows[2:], ""))
		}
	}
	if *update {
		if err := os.WriteFile(name, []byte(strings.Join(out, "\n\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// asJSON reads a line the slow way.
func asJSON(t testing.TB, raw []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw[bytes.IndexByte(raw, '{'):]))
	d.UseNumber()
	m := map[string]any{}
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%v: %q", err, raw)
	}
	return m
}

func sameAsJSON(t testing.TB, l *Line, raw []byte) {
	t.Helper()
	m := asJSON(t, raw)
	text := func(key string) string {
		s, _ := m[key].(string)
		return s
	}
	dash := func(s string) string {
		if s == "-" {
			return ""
		}
		return s
	}
	num := func(key string) string { return fmt.Sprint(m[key]) }
	path, _, _ := strings.Cut(text("p"), "?")
	path, _, _ = strings.Cut(path, "#")
	for what, pair := range map[string][2]string{
		"t": {fmt.Sprint(l.AtMicros), num("t")}, "st": {fmt.Sprint(l.Status), num("st")},
		"bo": {fmt.Sprint(l.BytesSent), num("bo")}, "bi": {fmt.Sprint(l.BytesReceived), num("bi")}, "d": {fmt.Sprint(l.DurationMs), num("d")},
		"c": {string(l.Customer), dash(text("c"))}, "s": {string(l.Service), dash(text("s"))}, "k": {string(l.KeyID), dash(text("k"))},
		"m": {string(l.Method), text("m")}, "ts": {string(l.Termination), text("ts")}, "be": {string(l.Backend), text("be")},
		"sv": {string(l.Server), text("sv")}, "p": {string(l.Path), path},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %q, encoding/json says %q, of %q", what, pair[0], pair[1], raw)
		}
	}
	if id := strings.ReplaceAll(text("id"), "-", ""); l.HasID && hex.EncodeToString(l.ID[:]) != id || !l.HasID && id != "" {
		t.Errorf("id %x, encoding/json says %q", l.ID, text("id"))
	}
	if l.ClientIP.IsValid() && l.ClientIP.String() != text("ip") {
		t.Errorf("ip %s, encoding/json says %q", l.ClientIP, text("ip"))
	}
}

func TestSampleLines(t *testing.T) {
	t.Run("every sample line reads as encoding/json reads it", func(t *testing.T) {
		var l Line
		for _, raw := range sampleLines(t) {
			if err := l.Parse(raw); err != nil {
				t.Fatalf("%v: %q", err, raw)
			}
			if l.Truncated {
				t.Errorf("truncated: %q", raw)
			}
			sameAsJSON(t, &l, raw)
		}
	})

	t.Run("with its keys in any order, with spaces, a sample line reads the same", func(t *testing.T) {
		var l, again Line
		for n, raw := range sampleLines(t) {
			if err := l.Parse(raw); err != nil {
				t.Fatal(err)
			}
			m := asJSON(t, raw)
			var b strings.Builder
			b.WriteString("<134>Nov 23 22:38:23 edge1 haproxy[12900]: { ")
			keys := strings.Fields("v id pid n t c s k m st bo bi d tr ts ip be sv p")
			for i := range keys { // a rotation, so that each key stands first and last somewhere
				key := keys[(i+n)%len(keys)]
				if value, ok := m[key]; ok {
					text, _ := json.Marshal(value)
					fmt.Fprintf(&b, "%q : %s , ", key, text)
				}
			}
			b.WriteString(`"x":1.5e3}`)
			if err := again.Parse([]byte(b.String())); err != nil {
				t.Fatalf("%v: %s", err, b.String())
			}
			if shown(&l) != shown(&again) {
				t.Errorf("\n%s\n%s", shown(&l), shown(&again))
			}
		}
	})

}

func TestCutLines(t *testing.T) {
	for _, file := range sampleFiles {
		t.Run(file, func(t *testing.T) {
			var whole, l Line
			read, unread := 0, 0
			for _, raw := range linesOf(t, file) {
				if err := whole.Parse(raw); err != nil {
					continue
				}
				path := string(whole.Path)
				whole.Path, whole.Truncated = nil, true
				want := shown(&whole)
				for end := range raw {
					// Full capacity, so that reading past the cut would show.
					if err := l.Parse(raw[:end:end]); err != nil {
						unread++
						continue
					}
					read++
					if !strings.HasPrefix(path, strings.ToValidUTF8(string(l.Path), "")) {
						t.Fatalf("path %q of %q", l.Path, raw[:end])
					}
					l.Path, l.Truncated = nil, true
					if got := shown(&l); got != want {
						t.Fatalf("cut at %d:\n got %s\nwant %s", end, got, want)
					}
				}
			}
			if read < 400 || unread < 4000 {
				t.Errorf("%d read, %d unread", read, unread)
			}
			t.Logf("%d cut lines: %d read, %d unread", read+unread, read, unread)
		})
	}
}

func TestLineAllocatesNothing(t *testing.T) {
	var lines [][]byte
	for _, file := range sampleFiles {
		lines = append(lines, linesOf(t, file)...)
	}
	lines = append(lines, []byte(`{"v":1,"id":"-","t":1795474885834937,"c":"1001","s":"seal","m":"GET","st":200,"bo":131,"bi":359,"d":0,"tr":0,"ts":"----","ip":"2001:db8::1","be":"b","sv":"s","p":"\/a"}`))
	var l Line
	var rid [16]byte
	n := testing.AllocsPerRun(20, func() {
		for _, raw := range lines {
			if l.Parse(raw) == nil {
				rid = l.RID(raw, 1)
			}
		}
	})
	if n != 0 {
		t.Errorf("%v allocations for %d lines", n, len(lines))
	}
	_ = rid
}

func FuzzLine(f *testing.F) {
	for _, file := range sampleFiles {
		for _, raw := range linesOf(f, file)[:30] {
			f.Add(raw)
		}
	}
	f.Add([]byte("<1>1 - - - - - [a b=\"]\\\"\"][c] \xef\xbb\xbf{}"))
	f.Add([]byte(`{"p":"\ud83d\ude00\ud83d\u0041\u00`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var l, cut Line
		err := l.Parse(raw)
		if err != nil {
			if _, ok := err.(Unread); !ok {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		if l.Status < -1 || l.BytesSent < 0 || l.BytesReceived < 0 || l.DurationMs < -1 || l.AtMicros <= 0 || bytes.ContainsAny(l.Path, "?#") {
			t.Fatalf("%s from %q", shown(&l), raw)
		}
		if i := bytes.IndexByte(raw, '{'); l.seen != 0 && i >= 0 && json.Valid(raw[i:]) && l.zone == nil && !l.Truncated && bytes.Count(raw, []byte{'{'}) == 1 {
			m := asJSON(t, raw)
			if c, ok := m["c"].(string); ok && c != "-" && c != string(l.Customer) && !strings.ContainsRune(c, '\ufffd') {
				t.Fatalf("customer %q, encoding/json says %q", l.Customer, c)
			}
			if fmt.Sprint(m["st"]) != fmt.Sprint(l.Status) || fmt.Sprint(m["bo"]) != fmt.Sprint(l.BytesSent) {
				t.Fatalf("%s from %q", shown(&l), raw)
			}
		}
		// No prefix of a good line may bill anything else.
		for end := max(0, len(raw)-64); end < len(raw); end++ {
			if cut.Parse(raw[:end:end]) != nil {
				continue
			}
			if string(cut.Customer) != string(l.Customer) || cut.Status != l.Status || cut.BytesSent != l.BytesSent || string(cut.Service) != string(l.Service) {
				t.Fatalf("cut at %d: %s from %q", end, shown(&cut), raw)
			}
		}
	})
}

func BenchmarkLine(b *testing.B) {
	for _, file := range sampleFiles {
		b.Run(strings.TrimSuffix(strings.TrimPrefix(file, "testdata/"), ".log"), func(b *testing.B) {
			var lines [][]byte
			var l Line
			bytesTotal := 0
			for _, raw := range linesOf(b, file) {
				if l.Parse(raw) == nil {
					lines = append(lines, raw)
					bytesTotal += len(raw)
				}
			}
			b.ReportAllocs()
			b.SetBytes(int64(bytesTotal / len(lines)))
			for i := 0; b.Loop(); i++ {
				if err := l.Parse(lines[i%len(lines)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
