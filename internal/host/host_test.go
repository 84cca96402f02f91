package host_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"suiftly/internal/host"
	"suiftly/internal/jobs"
	"suiftly/internal/pgtest"
	"suiftly/internal/web"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// room is a Module and a Runner that does what a test tells it.
type room struct {
	health  error
	run     func(context.Context) error
	asked   chan struct{} // a slow request has begun
	answer  chan struct{} // let it end
	mu      sync.Mutex
	happens []string
}

func (r *room) Name() string                  { return "room" }
func (r *room) Health(context.Context) error  { return r.health }
func (r *room) Run(ctx context.Context) error { return r.run(ctx) }
func (r *room) Jobs() []jobs.Job              { return nil }
func (r *room) Routes(to *web.Router)         { web.Get(to, "/slow", "slow", web.Anyone, "-", r.slow) }
func (r *room) untilStopped(ctx context.Context) error {
	<-ctx.Done()
	r.note("runner ended")
	return nil
}

func (r *room) slow(context.Context, *struct{}) (*struct{}, error) {
	close(r.asked)
	<-r.answer
	r.note("request ended")
	return nil, nil
}

func (r *room) note(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.happens = append(r.happens, what)
}

// open runs a house with the room in it. ended gives what Run returned.
func open(t *testing.T, ctx context.Context, r *room, change func(*host.House)) (url string, ended chan error) {
	t.Helper()
	db, log := pgtest.DB(t), slog.New(slog.DiscardHandler)
	c := web.DefaultConfig()
	if r.run == nil {
		r.run = r.untilStopped
	}
	r.asked, r.answer = make(chan struct{}), make(chan struct{})
	address := make(chan string, 1)
	h := &host.House{
		Kit: host.Kit{DB: db, Log: log, Now: time.Now}, Web: web.New(c, db, log, time.Now, "test"), Modules: []host.Module{r},
		Jobs: jobs.New(db, db, log, time.Now, "test"), Listen: "127.0.0.1:0", Migrations: os.DirFS("../../db/migrations"),
		Opened: func(at string) { address <- "http://" + at },
	}
	if change != nil {
		change(h)
	}
	h.Mount()
	if err := h.Web.Finish(fstest.MapFS{"index.html": {Data: []byte("<head></head>")}}, nil); err != nil {
		t.Fatal(err)
	}
	ended = make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	select {
	case url = <-address:
	case err := <-ended:
		ended <- err
	}
	return url, ended
}

func status(t *testing.T, url string) int {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

func wait(t *testing.T, ended chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(time.Minute):
		t.Fatal("the house does not stop")
		return nil
	}
}

func TestSIGTERM(t *testing.T) { // alone: the signal is the whole process's
	r := &room{}
	url, ended := open(t, context.Background(), r, func(h *host.House) { h.DrainWait = 2 * time.Second })
	if got := status(t, url+"/readyz"); got != http.StatusOK {
		t.Fatal(got)
	}
	slow := make(chan int, 1)
	go func() { slow <- status(t, url+"/api/v1/room/slow") }()
	<-r.asked
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); status(t, url+"/readyz") != http.StatusServiceUnavailable; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("still ready")
		}
	}
	close(r.answer)
	if got := <-slow; got != http.StatusNoContent {
		t.Errorf("the request in flight: %d", got)
	}
	if err := wait(t, ended); err != nil {
		t.Error(err)
	}
	if got := fmt.Sprint(r.happens); got != "[request ended runner ended]" {
		t.Errorf("a runner is needed until the last request has its answer: %s", got)
	}
}

func TestWhatStopsAHouse(t *testing.T) {
	t.Parallel()
	broken := errors.New("the socket is gone")

	t.Run("a room whose work ends", func(t *testing.T) {
		t.Parallel()
		_, ended := open(t, context.Background(), &room{run: func(context.Context) error { return broken }}, nil)
		if err := wait(t, ended); !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "room stopped") {
			t.Error(err)
		}
	})
	t.Run("the database under it", func(t *testing.T) {
		t.Parallel()
		lost := make(chan error, 1)
		r := &room{}
		_, ended := open(t, context.Background(), r, func(h *host.House) { h.Lost = lost })
		lost <- broken
		if err := wait(t, ended); !errors.Is(err, broken) || fmt.Sprint(r.happens) != "[runner ended]" {
			t.Error(err, r.happens)
		}
	})
	t.Run("its caller", func(t *testing.T) {
		t.Parallel()
		ctx, stop := context.WithCancel(context.Background())
		_, ended := open(t, ctx, &room{}, nil)
		stop()
		if err := wait(t, ended); err != nil {
			t.Error(err)
		}
	})
	t.Run("an address that is taken", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		_, ended := open(t, context.Background(), &room{}, func(h *host.House) { h.Listen = l.Addr().String() })
		if err := wait(t, ended); err == nil || !strings.HasPrefix(err.Error(), "web.listen: ") {
			t.Error(err)
		}
	})
}

func TestReady(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		room   *room
		change func(*host.House)
		want   int
	}{
		"all is well":        {&room{}, nil, http.StatusOK},
		"a room cannot work": {&room{health: errors.New("no socket")}, nil, http.StatusServiceUnavailable},
		"a migration is not applied": {&room{}, func(h *host.House) {
			h.Migrations = fstest.MapFS{"29991231000000_later.sql": {Data: []byte("-- migrate:up\nselect 1;\n-- migrate:down\n")}}
		}, http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(context.Background())
			url, ended := open(t, ctx, c.room, c.change)
			if got := status(t, url+"/readyz"); got != c.want {
				t.Errorf("/readyz: %d", got)
			}
			if got := status(t, url+"/livez"); got != http.StatusOK {
				t.Errorf("/livez: %d", got)
			}
			stop()
			if err := wait(t, ended); err != nil {
				t.Error(err)
			}
		})
	}
}
