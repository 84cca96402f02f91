package outbox

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/lib/pq"
)

var statements = map[string]string{"put": putSQL, "claim": claimSQL, "done": doneSQL, "later": laterSQL, "giveUp": giveUpSQL, "sweep": sweepSQL}

type row struct {
	ID       int64           `db:"outbox_id"`
	Kind     string          `db:"kind"`
	Body     json.RawMessage `db:"body"`
	Attempts int             `db:"attempts"`
}

//go:embed sql/claim_rows.sql
var claimSQL string

func (o *Outbox) claim(ctx context.Context) (rows []row, err error) {
	now := o.now()
	lease := now.Add(atOnce * 2 * handleWait)
	err = o.db.SelectContext(ctx, &rows, claimSQL, now, lease, pq.Array(slices.Sorted(maps.Keys(o.handlers))), atOnce)
	return rows, err
}

const doneSQL = `delete from ops.outbox where outbox_id = $1`

func (o *Outbox) done(ctx context.Context, r row) error {
	if _, err := o.db.ExecContext(ctx, doneSQL, r.ID); err != nil {
		return fmt.Errorf("note that outbox row %d is sent: %w", r.ID, err)
	}
	return nil
}

const laterSQL = `update ops.outbox set next_at = $2, last_error = $3 where outbox_id = $1`

func (o *Outbox) later(ctx context.Context, r row, why error) error {
	if _, err := o.db.ExecContext(ctx, laterSQL, r.ID, o.now().Add(pause(r.Attempts)), short(why)); err != nil {
		return fmt.Errorf("put outbox row %d off: %w", r.ID, err)
	}
	return nil
}

const giveUpSQL = `update ops.outbox set dead_at = $2, last_error = $3 where outbox_id = $1`

func (o *Outbox) giveUp(ctx context.Context, r row, why error) error {
	if _, err := o.db.ExecContext(ctx, giveUpSQL, r.ID, o.now(), short(why)); err != nil {
		return fmt.Errorf("give outbox row %d up: %w", r.ID, err)
	}
	return nil
}

const sweepSQL = `delete from ops.outbox where dead_at < $1::timestamptz`

func short(err error) string { return fmt.Sprintf("%.500s", err.Error()) }
