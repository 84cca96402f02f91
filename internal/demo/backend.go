package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"
)

// Backend is a small API that stands behind HAProxy and answers for some services of the catalog.
type Backend struct {
	address string
	server  *http.Server
}

// StartBackend serves on a free loopback port until Stop.
func StartBackend(services ...string) (*Backend, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a backend: %w", err)
	}
	b := &Backend{address: l.Addr().String(), server: &http.Server{Handler: answers(services), ReadHeaderTimeout: 5 * time.Second}}
	go b.server.Serve(l) // returns when Stop closes it
	return b, nil
}

// Address is host:port.
func (b *Backend) Address() string { return b.address }

// Stop closes every connection.
func (b *Backend) Stop() error { return b.server.Close() }

func answers(services []string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		r := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
		c, known := find(services, req)
		if !known { // somebody's own curl: always a good answer
			c = call{tookMs: 3, bytes: 300}
		}
		o := c.outcome(r)
		if !known || req.Method == http.MethodGet {
			o = outcome{status: http.StatusOK, took: o.took, bytes: max(o.bytes, 200)}
		}
		if wait(req.Context(), o.took) != nil {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(o.status)
		if o.status != http.StatusOK {
			fmt.Fprintln(w, problems[o.status])
			return
		}
		w.Write(content(r, req.URL.Path, o.bytes))
	}
}

func find(services []string, req *http.Request) (call, bool) {
	for _, s := range services {
		for _, c := range calls[s] {
			if path, _, _ := strings.Cut(c.path, "?"); c.method == req.Method && path == req.URL.Path {
				return c, true
			}
		}
	}
	return call{}, false
}

// content is JSON of about size bytes that looks like what a Sui node says.
func content(r *rand.Rand, path string, size int) []byte {
	type object struct {
		ID      string `json:"object_id"`
		Version uint32 `json:"version"`
		Owner   string `json:"owner"`
	}
	answer := struct {
		Path       string   `json:"path"`
		Checkpoint uint32   `json:"checkpoint"`
		Objects    []object `json:"objects"`
	}{path, 190_000_000 + r.Uint32N(1_000_000), []object{}}
	const objectBytes = 185
	for range max(1, size/objectBytes) {
		answer.Objects = append(answer.Objects, object{objectID(r), r.Uint32N(5_000_000), objectID(r)})
	}
	out, err := json.Marshal(answer)
	if err != nil { // it holds text and numbers only
		panic(err)
	}
	return append(out, '\n')
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
