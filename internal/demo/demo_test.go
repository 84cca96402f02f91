package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var keys = []Key{{1001, "seal", "a", "k"}, {1001, "graphql", "b", "k"}, {1002, "grpc", "c", "k"}}

func TestPast(t *testing.T) {
	to := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	past := Past{From: to.Add(-24 * time.Hour), To: to, Lines: 5000, Keys: keys, Seed: 7}
	var lines [][]byte
	for line := range past.All() {
		lines = append(lines, line)
	}
	if len(lines) < 4900 || len(lines) > 5100 {
		t.Errorf("%d lines of about 5000", len(lines))
	}
	ids, statuses, last := map[string]bool{}, map[int]int{}, past.From.UnixMicro()
	for _, line := range lines {
		var l struct {
			ID     string
			T      int64
			C      string
			Status int `json:"st"`
		}
		if err := json.Unmarshal(line[bytes.IndexByte(line, '{'):], &l); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if l.T < last || l.T >= to.UnixMicro() || ids[l.ID] || l.C != "1001" && l.C != "1002" {
			t.Fatalf("out of order or range, or twice: %s", line)
		}
		ids[l.ID], last = true, l.T
		statuses[l.Status]++
	}
	for _, s := range []int{200, 404, 429, 503} {
		if statuses[s] == 0 {
			t.Errorf("no status %d", s)
		}
	}
	for line := range past.All() {
		if !bytes.Equal(line, lines[0]) {
			t.Error("the same seed gives other traffic")
		}
		break
	}
}

func TestBackend(t *testing.T) {
	b, err := StartBackend("seal", "grpc")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Stop()
	r := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		c := pick(r, "grpc")
		answer, err := http.Post("http://"+b.Address()+c.uri(r), "application/json", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || !json.Valid(body) || answer.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%d: no JSON: %s (%v)", answer.StatusCode, body, err)
		}
	}
	answer, err := http.Get("http://" + b.Address() + "/v1/service")
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("what the demo prints to try out: %v %v", answer, err)
	}
	answer.Body.Close()
}

func TestFolder(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	killed := filepath.Join(os.TempDir(), folderPrefix+"killed")
	if err := errors.Join(os.Mkdir(killed, 0o700), os.WriteFile(filepath.Join(killed, "demo.lock"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	first, remove, err := Folder()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(killed); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a killed demo's folder is still there: %v", err)
	}
	second, removeSecond, err := Folder()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(first); err != nil {
		t.Errorf("a second demo took the first one's folder away: %v", err)
	}
	if err := errors.Join(remove(), removeSecond()); err != nil {
		t.Error(err)
	}
	for _, dir := range []string{first, second} {
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", dir, err)
		}
	}
}

func TestNoHAProxy(t *testing.T) {
	before := otherPlaces
	t.Cleanup(func() { otherPlaces = before })
	t.Setenv("PATH", t.TempDir())
	otherPlaces = nil
	if _, err := StartHAProxy(t.Context(), "haproxy.cfg", nil, io.Discard); !errors.Is(err, ErrNoHAProxy) {
		t.Errorf("without HAProxy: %v", err)
	}
}
