// Package outbox tells the world outside of Postgres what has happened: rooms write a row in their own transaction, and a job
// hands it to its handler after the commit, again and again until that works or it is given up. Each row is handled at least
// once: a replica that dies between sending and noting it sends twice.
package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/jobs"
	"suiftly/internal/pg"
)

// Handler sends what a row tells, outside of any transaction. ErrNever in its error gives the row up at once.
type Handler func(ctx context.Context, body json.RawMessage) error

// ErrNever says that trying again is of no use.
var ErrNever = errors.New("not to be tried again")

const (
	attemptsMost = 30               // about a day
	firstPause   = 30 * time.Second // doubled with each attempt
	longestPause = time.Hour
	handleWait   = time.Minute // bounds one handler
	atOnce       = 20          // rows of one claim, which is nobody else's until all of them can have failed
	keepDead     = 30 * 24 * time.Hour
)

// Outbox hands rows to handlers.
type Outbox struct {
	db       *sqlx.DB
	log      *slog.Logger
	now      func() time.Time
	handlers map[string]Handler
}

// New makes an outbox without handlers.
func New(db *sqlx.DB, log *slog.Logger, now func() time.Time) *Outbox {
	return &Outbox{db: db, log: log, now: now, handlers: map[string]Handler{}}
}

// Handle says who sends rows of a kind ("<room>.<what>"). Rows of a kind that this version does not know stay for one that does.
func (o *Outbox) Handle(kind string, h Handler) { o.handlers[kind] = h }

const putSQL = `insert into ops.outbox (kind, body, created_at, next_at) values ($1, $2, $3, $3)`

// Put writes a row in the caller's transaction. body becomes JSON and holds no secrets: it is kept in the clear.
func Put(ctx context.Context, tx pg.Q, kind string, body any, now time.Time) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("outbox %s: %w", kind, err)
	}
	if _, err := tx.ExecContext(ctx, putSQL, kind, string(text), now); err != nil {
		return fmt.Errorf("outbox %s: %w", kind, err)
	}
	return nil
}

// Job sends what is due every few seconds.
func (o *Outbox) Job() jobs.Job {
	return jobs.Job{Name: "ops.outbox", Every: 5 * time.Second, Run: func(ctx context.Context, _ jobs.Run) error { return o.Send(ctx) }}
}

// Send handles everything that is due. A row that fails is not an error of the whole: it waits for its next attempt.
func (o *Outbox) Send(ctx context.Context) error {
	if _, err := o.db.ExecContext(ctx, sweepSQL, o.now().Add(-keepDead)); err != nil {
		return fmt.Errorf("forget dead outbox rows: %w", err)
	}
	for {
		rows, err := o.claim(ctx)
		if err != nil {
			return fmt.Errorf("claim outbox rows: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		for _, r := range rows {
			if err := o.handle(ctx, r); err != nil {
				return err
			}
		}
	}
}

func (o *Outbox) handle(ctx context.Context, r row) error {
	try, cancel := context.WithTimeout(ctx, handleWait)
	err := o.handlers[r.Kind](try, r.Body)
	cancel()
	switch {
	case err == nil:
		return o.done(ctx, r)
	case ctx.Err() != nil:
		return ctx.Err() // stopping: the claim runs out and somebody else tries
	case errors.Is(err, ErrNever) || r.Attempts >= attemptsMost:
		o.log.Error("gave up sending", "kind", r.Kind, "outbox", r.ID, "attempts", r.Attempts, "error", err)
		return o.giveUp(ctx, r, err)
	}
	o.log.Warn("could not send, will try again", "kind", r.Kind, "outbox", r.ID, "attempts", r.Attempts, "error", err)
	return o.later(ctx, r, err)
}

// pause is how long a row waits after its nth attempt.
func pause(attempts int) time.Duration {
	return min(longestPause, firstPause<<min(attempts-1, 10))
}
