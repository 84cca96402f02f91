package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"suiftly/internal/pg"
	"suiftly/internal/pgtest"
)

func TestFiveReplicasStartTogetherOnAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	database := pgtest.EmptyURL(t)
	var replicas []*replica
	for range 5 {
		replicas = append(replicas, open(t, database))
	}
	for _, r := range replicas {
		r.ready(patience)
	}
	db := must(pg.Open(t.Context(), database, 1))(t)
	defer db.Close()
	var twice int
	if err := db.Get(&twice, `select count(*) - count(distinct version) from schema_migrations`); err != nil || twice != 0 {
		t.Errorf("%d migrations are applied twice (%v)", twice, err)
	}
}

func TestARollingRestartFailsNoRequest(t *testing.T) {
	t.Parallel()
	st := build(t, 2, pgtest.URL(t), byPath, "SUIFTLY_WEB__LIMITS__API_PER_MINUTE=1000000", "SUIFTLY_WEB__LIMITS__ANONYMOUS_PER_MINUTE=1000000")
	buyer, _ := st.buyer(12, "seal")
	load := st.load(100, buyer.Cookies())
	for i := range st.replicas {
		load.served(100) // also on what was restarted before
		st.replicas[i].Signal(syscall.SIGTERM)
		if code := st.replicas[i].ends(patience); code != 0 {
			t.Errorf("replica %d ended with code %d", i, code)
		}
		st.again(i)
	}
	load.served(100)
	load.stop()
	for problem, n := range load.problems {
		t.Errorf("%d requests failed: %s", n, problem)
	}
	t.Logf("%d requests were served", load.good.Load())
}

// load asks the dashboard's address at a steady rate.
type load struct {
	t        *testing.T
	good     atomic.Int64
	mu       sync.Mutex
	problems map[string]int
	cancel   context.CancelFunc
	done     chan struct{}
}

// load starts the load: pages, reads with a session, and a question by POST, which HAProxy must not send twice.
func (st *stand) load(perSecond int, cookies []*http.Cookie) *load {
	ctx, cancel := context.WithCancel(st.t.Context())
	l := &load{t: st.t, problems: map[string]int{}, cancel: cancel, done: make(chan struct{})}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	asked := []struct{ method, path, body string }{
		{http.MethodGet, "/", ""},
		{http.MethodGet, "/api/v1/auth/customer", ""},
		{http.MethodGet, "/api/v1/services", ""},
		{http.MethodGet, "/api/v1/wallet/balance", ""},
		{http.MethodPost, "/api/v1/services/seal/quote", `{"config":{"tier":"pro","burst":true}}`},
	}
	go func() {
		defer close(l.done)
		defer client.CloseIdleConnections()
		var flying sync.WaitGroup
		defer flying.Wait()
		tick := time.NewTicker(time.Second / time.Duration(perSecond))
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			a := asked[i%len(asked)]
			flying.Go(func() {
				if problem := once(client, a.method, st.dashboard+a.path, a.body, cookies); problem != "" {
					l.mu.Lock()
					l.problems[a.method+" "+a.path+": "+problem]++
					l.mu.Unlock()
					return
				}
				l.good.Add(1)
			})
		}
	}()
	st.t.Cleanup(l.stop)
	return l
}

func once(client *http.Client, method, url, body string, cookies []*http.Cookie) (problem string) {
	req, err := http.NewRequest(method, url, text(body))
	if err != nil {
		return err.Error()
	}
	req.Header.Set("Content-Type", "application/json")
	for _, c := range cookies {
		req.AddCookie(c)
	}
	answer, err := client.Do(req)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		return err.Error()
	}
	if answer.StatusCode != http.StatusOK {
		sentence, _, _ := strings.Cut(string(said), `"request_id"`) // the same for the same problem
		return fmt.Sprintf("%d %s", answer.StatusCode, sentence)
	}
	return ""
}

// served waits until n more requests were answered well.
func (l *load) served(n int64) {
	l.t.Helper()
	want := l.good.Load() + n
	eventually(l.t, patience, func() error {
		if have := l.good.Load(); have < want {
			return fmt.Errorf("%d more requests are missing", want-have)
		}
		return nil
	})
}

func (l *load) stop() {
	l.cancel()
	<-l.done
}
