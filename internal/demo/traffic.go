package demo

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const atOnce = 32 // requests of the traffic in flight; more are not sent

// Traffic is what the customers' programs ask of the API.
type Traffic struct {
	Base  string  // http://host:port of the API behind HAProxy
	Keys  []Key   // used in turn, by chance
	Rate  float64 // requests a second
	sent  atomic.Int64
	fails atomic.Int64
}

// Sent is how many requests were answered, whatever the status.
func (t *Traffic) Sent() int64 { return t.sent.Load() }

// Failed is how many requests got no answer.
func (t *Traffic) Failed() int64 { return t.fails.Load() }

// Run sends until ctx ends, and returns when the last request has its answer.
func (t *Traffic) Run(ctx context.Context) {
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: atOnce, MaxConnsPerHost: atOnce}}
	defer client.CloseIdleConnections()
	var flying sync.WaitGroup
	defer flying.Wait()
	free := make(chan struct{}, atOnce)
	r := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	for {
		// Independent callers come at random, not in step.
		pause := time.Duration(r.ExpFloat64() / t.Rate * float64(time.Second))
		if wait(ctx, pause) != nil {
			return
		}
		select {
		case free <- struct{}{}:
		default:
			continue
		}
		key := t.Keys[r.IntN(len(t.Keys))]
		c := pick(r, key.Service)
		uri := c.uri(r)
		flying.Go(func() {
			defer func() { <-free }()
			if err := send(context.WithoutCancel(ctx), client, t.Base, key, c.method, uri); err != nil {
				t.fails.Add(1)
				return
			}
			t.sent.Add(1)
		})
	}
}

func send(ctx context.Context, client *http.Client, base string, key Key, method, uri string) error {
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(`{"read_mask":"object_id,version,owner"}`)
	}
	req, err := http.NewRequestWithContext(ctx, method, base+uri, body)
	if err != nil {
		return fmt.Errorf("%s: %w", uri, err)
	}
	req.Header.Set("X-API-Key", key.Key)
	answer, err := client.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
