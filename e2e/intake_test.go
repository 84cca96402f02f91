package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"suiftly/internal/pg"
	"suiftly/internal/pgtest"
)

// rounds is how often something is done: few times here, SUIFTLY_LONG=50 for the long form.
func rounds(few int) int {
	if n, err := strconv.Atoi(os.Getenv("SUIFTLY_LONG")); err == nil && n > 0 {
		return n
	}
	return few
}

// sampleLog is a file of lines as HAProxy writes them, every one its own request.
func sampleLog(t *testing.T, lines int) string {
	t.Helper()
	var b bytes.Buffer
	at := time.Now().Add(-time.Hour)
	for i := range lines {
		fmt.Fprintf(&b, `<134>1 %s edge1 haproxy 855 - - {"v":1,"id":"%08x-0000-4000-8000-%012x","t":%d,"c":"1001","s":"seal","k":"1","m":"GET","st":200,"bo":%d,"bi":90,"d":1,"tr":1,"ts":"----","ip":"10.0.0.1","be":"be_seal","sv":"s1","p":"\/v1\/x"}`+"\n",
			at.Format("2006-01-02T15:04:05.000000Z07:00"), i, i, at.UnixMicro()+int64(i)*1000, i%5000)
	}
	file := filepath.Join(t.TempDir(), "haproxy.log")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestImportIsKilledAnywhere(t *testing.T) {
	t.Parallel()
	lines := 10_000 * rounds(6) // enough that the last kill still interrupts something
	file := sampleLog(t, lines)
	database := pgtest.URL(t)
	for range rounds(6) {
		p := start(t, command(t.TempDir(), on(database), "logs", "import", file))
		select {
		case <-p.Gone():
		case <-time.After(time.Duration(rand.Int64N(int64(2 * time.Second)))):
		}
		p.Signal(syscall.SIGKILL)
		<-p.Gone()
	}
	code, out, problems := run(t, on(database), "logs", "import", file)
	if code != 0 || !strings.Contains(out, fmt.Sprintf("%d lines", lines)) {
		t.Fatalf("exit %d: %s%s", code, out, problems)
	}
	db := must(pg.Open(t.Context(), database, 1))(t)
	defer db.Close()
	if err := rows(db, lines); err != nil {
		t.Error(err)
	}
	var counted struct{ Lines, Stored int }
	if err := db.Get(&counted, `select sum(lines) as lines, sum(stored) as stored from logs.batches`); err != nil || counted.Lines != lines || counted.Stored != lines {
		t.Errorf("%+v of %d lines: %v", counted, lines, err)
	}
	if code, out, _ := run(t, on(database), "logs", "import", file); code != 0 || !strings.Contains(out, fmt.Sprintf("%d already recorded", lines)) {
		t.Errorf("once more: exit %d: %s", code, out)
	}
	if code, out, problems := run(t, on(database), "doctor"); code != 0 {
		t.Errorf("doctor: %s%s", out, problems)
	}
}

// TestReplicaIsKilledWithoutPostgres is the worst hour: the database is away, requests go on, and the replica that holds their
// lines is killed. SUIFTLY_LONG makes it two minutes of requests.
func TestReplicaIsKilledWithoutPostgres(t *testing.T) {
	t.Parallel()
	dir := short(t)
	quietly := slog.New(slog.DiscardHandler)
	server := must(pg.StartThrowaway(context.Background(), dir, quietly, false))(t)
	t.Cleanup(func() { server.Stop() })
	st := build(t, 1, server.URL(), byPath)
	_, key := st.buyer(14, "seal")
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	asked := 0
	send := func() {
		t.Helper()
		if got := st.send(key, paths(300)); got[200] != 300 {
			t.Fatalf("the API answered %v", got)
		}
		asked += 300
	}
	until := time.Now()
	if os.Getenv("SUIFTLY_LONG") != "" {
		until = until.Add(2 * time.Minute)
	}
	for send(); time.Now().Before(until); {
		send()
	}
	// What HAProxy still has in its ring stays there; what the replica has is in its spool once nothing more is added to it.
	settled := func() (bytes float64) {
		eventually(t, patience, func() error {
			before := bytes
			if bytes = st.metric(t, "suiftly_logs_spool_waiting_bytes"); bytes == 0 || bytes != before {
				time.Sleep(300 * time.Millisecond)
				return fmt.Errorf("%v bytes wait", bytes)
			}
			return nil
		})
		return bytes
	}
	if bytes := settled(); bytes < float64(asked)*100 {
		t.Errorf("%v bytes for %d lines", bytes, asked)
	}
	if rss := st.metric(t, "process_resident_memory_bytes"); rss > 200<<20 {
		t.Errorf("the replica takes %.0f MB", rss/(1<<20))
	}
	st.kill(0)
	server = must(pg.StartThrowaway(context.Background(), dir, quietly, false))(t)
	st.again(0)
	db := must(pg.Open(t.Context(), server.URL(), 1))(t)
	defer db.Close()
	eventually(t, patience, func() error { return rows(db, asked) })
	var duplicates int
	if err := db.Get(&duplicates, `select sum(duplicates) from logs.batches`); err != nil || duplicates != 0 {
		t.Errorf("%d lines were there twice: %v", duplicates, err)
	}
	if code, out, problems := run(t, on(server.URL()), "doctor"); code != 0 {
		t.Errorf("doctor: %s%s", out, problems)
	}
}

// metric reads a number from the first replica's /metrics.
func (st *stand) metric(t *testing.T, name string) float64 {
	t.Helper()
	answer, err := http.Get(st.replicas[0].url() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return must(strconv.ParseFloat(strings.TrimSpace(value), 64))(t)
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}
