package logs

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/web"
)

const (
	liveEvery       = time.Second
	liveBeats       = 5 * time.Second // a connection that says nothing is taken for dead by what stands between
	liveRows        = 500             // in one event
	liveResumes     = 10 * time.Minute
	streamsEach     = 4 // of one customer, on one replica
	streamsTogether = 200
)

// ErrTooManyStreams is answered to a customer who has that many open.
var ErrTooManyStreams = fault.New(fault.TooMany, "logs.too_many_streams", "Too many live views and exports are open. Close one and try again.").Retry(5 * time.Second)

var errBadMark = ErrBadFilter.With(fault.Field{Name: "after", Message: "is not the id of an event of this stream"})

// mark is how far a tail has come: it has sent every row of the batches that a snapshot of the database saw. Ids and times
// would not do: a batch that commits late has a lower id than one that was sent.
//
// While the rows of one look are sent in several events, the mark is inside of it: of the batches that the snapshot during sees
// and seen does not, everything up to after has been sent.
type mark struct {
	at     time.Time // by the database's clock
	seen   string    // pg_snapshot
	during string    // pg_snapshot, or ""
	after  place
}

func (k mark) String() string {
	s := strconv.FormatInt(k.at.UnixMilli(), 10) + ";" + k.seen
	if k.during != "" {
		s += ";" + k.during + ";" + k.after.String()
	}
	return s
}

func markOf(s string) (k mark, err error) {
	parts := strings.Split(s, ";")
	millis, bad := strconv.ParseInt(parts[0], 10, 64)
	if bad != nil || len(parts) != 2 && len(parts) != 4 || !snapshot(parts[1]) {
		return k, errBadMark
	}
	k.at, k.seen = time.UnixMilli(millis), parts[1]
	if len(parts) == 4 {
		if k.after, err = placeOf(parts[3]); err != nil || !snapshot(parts[2]) || parts[3] == "" {
			return k, errBadMark
		}
		k.during = parts[2]
	}
	return k, nil
}

// snapshot tells whether Postgres takes it for a pg_snapshot: xmin:xmax:xid,xid,...
func snapshot(s string) bool {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return false
	}
	low, err := strconv.ParseInt(parts[0], 10, 64)
	high, err2 := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || err2 != nil || low < 1 || high < low {
		return false
	}
	if parts[2] == "" {
		return true
	}
	last := low - 1
	for _, text := range strings.Split(parts[2], ",") {
		xid, err := strconv.ParseInt(text, 10, 64)
		if err != nil || xid <= last || xid >= high {
			return false
		}
		last = xid
	}
	return true
}

// streams counts who has how many open.
type streams struct {
	mu   sync.Mutex
	each map[customer.ID]int
	all  int
}

// enter takes a place; leave gives it back.
func (s *streams) enter(id customer.ID) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.each[id] >= streamsEach || s.all >= streamsTogether {
		return nil, ErrTooManyStreams
	}
	if s.each == nil {
		s.each = map[customer.ID]int{}
	}
	s.each[id]++
	s.all++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all--
		if s.each[id]--; s.each[id] == 0 {
			delete(s.each, id)
		}
	}), nil
}

type liveQuery struct {
	FilterQuery
	LastEventID string `header:"Last-Event-ID" maxLength:"8192" doc:"Where to go on; browsers send it by themselves."`
	After       string `query:"after" maxLength:"8192" doc:"The same, for the first request of a client that was here before."`
}

// tail sends server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): open, requests, gap.
func (m *Module) tail(ctx context.Context, in *liveQuery) (*web.Streaming, error) {
	f, err := in.parse()
	if err != nil {
		return nil, err
	}
	if in.LastEventID == "" {
		in.LastEventID = in.After
	}
	from := mark{}
	if in.LastEventID != "" {
		if from, err = markOf(in.LastEventID); err != nil {
			return nil, err
		}
	}
	id := customer.From(ctx)
	now, err := m.present(ctx)
	if err != nil {
		return nil, err
	}
	name := "open"
	if from.seen == "" {
		from = now
	} else if now.at.Sub(from.at) > liveResumes {
		from, name = now, "gap"
	}
	leave, err := m.streams.enter(id)
	if err != nil {
		return nil, err
	}
	return &web.Streaming{ContentType: "text/event-stream", Endless: true, Write: func(ctx context.Context, w *bufio.Writer) error {
		defer leave()
		fmt.Fprintf(w, "retry: 2000\nevent: %s\nid: %s\ndata: {}\n\n", name, from)
		return m.stay(ctx, id, f, from, w)
	}}, nil
}

// stay writes what arrives until ctx ends.
func (m *Module) stay(ctx context.Context, id customer.ID, f Filter, from mark, w *bufio.Writer) error {
	if err := w.Flush(); err != nil {
		return err
	}
	tick := time.NewTicker(liveEvery)
	defer tick.Stop()
	said := time.Now()
	for {
		rows, next, err := m.look(ctx, id, f, from)
		if err != nil {
			return fmt.Errorf("tail of customer %d: %w", id, err)
		}
		from = next
		switch {
		case len(rows) > 0:
			data, err := json.Marshal(rows)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "event: requests\nid: %s\ndata: %s\n\n", from, data)
		case time.Since(said) >= liveBeats: // with the mark: a filter that lets nothing through must not fall behind
			fmt.Fprintf(w, "event: beat\nid: %s\ndata: {}\n\n", from)
		}
		if w.Buffered() > 0 {
			said = time.Now()
			if err := w.Flush(); err != nil {
				return err
			}
		}
		if from.during != "" {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// present is a mark behind everything that is committed.
func (m *Module) present(ctx context.Context) (mark, error) {
	look, err := selectFresh(ctx, m.kit.DB, emptySnapshot, "")
	if err != nil {
		return mark{}, fmt.Errorf("begin a tail: %w", err)
	}
	return mark{at: look.at, seen: look.snapshot}, nil
}

// look gives the next rows behind the mark, oldest first, and the mark behind them.
func (m *Module) look(ctx context.Context, id customer.ID, f Filter, from mark) ([]LoggedRequest, mark, error) {
	fresh, err := selectFresh(ctx, m.kit.DB, from.seen, from.during)
	if err != nil {
		return nil, from, err
	}
	whole := mark{at: fresh.at, seen: fresh.snapshot}
	if from.during != "" {
		whole.seen = from.during
	}
	if len(fresh.ids) == 0 {
		return nil, whole, nil
	}
	var rows []LoggedRequest
	err = m.own(ctx, id, func(tx *sqlx.Tx) (err error) {
		rows, err = selectArrived(ctx, tx, f, fresh, from.after, liveRows+1)
		return err
	})
	if err != nil {
		return nil, from, err
	}
	for i := range rows {
		rows[i].At = rows[i].At.UTC()
	}
	if len(rows) <= liveRows {
		return rows, whole, nil
	}
	rows = rows[:liveRows]
	inside := mark{at: fresh.at, seen: from.seen, during: whole.seen}
	inside.after, err = placeAt(rows[liveRows-1])
	return rows, inside, err
}
