package logs

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"suiftly/internal/pg"
)

// emptySnapshot has seen nothing that a batch was written by.
const emptySnapshot = "1:1:"

// freshBatches are those that $1 did not see and this statement does, or $2 did when it is given. written_by survives no
// restore into another server, where old batches would be new for ever: hence the bound on time, which is longer than a tail
// may be away and a batch may take.
const freshBatches = `
select s.snapshot, s.at, b.batch_id, b.first_at, b.last_at
from (select pg_current_snapshot()::text as snapshot, now() as at) s
left join logs.batches b on b.received_at > now() - interval '15 minutes'
    and b.stored > 0
    and b.written_by >= pg_snapshot_xmin($1::text::pg_snapshot)
    and not pg_visible_in_snapshot(b.written_by, $1::text::pg_snapshot)
    and ($2 = '' or pg_visible_in_snapshot(b.written_by, nullif($2, '')::pg_snapshot))
    and $1::text <> '` + emptySnapshot + `'`

type freshLook struct {
	at       time.Time
	snapshot string
	ids      []int64
	from, to time.Time // what their rows lie in
}

func selectFresh(ctx context.Context, q pg.Q, seen, during string) (freshLook, error) {
	var rows []struct {
		Snapshot string     `db:"snapshot"`
		At       time.Time  `db:"at"`
		ID       *int64     `db:"batch_id"`
		FirstAt  *time.Time `db:"first_at"`
		LastAt   *time.Time `db:"last_at"`
	}
	if err := q.SelectContext(ctx, &rows, freshBatches, seen, during); err != nil {
		return freshLook{}, err
	}
	look := freshLook{at: rows[0].At, snapshot: rows[0].Snapshot}
	for _, b := range rows {
		if b.ID == nil {
			continue
		}
		look.ids = append(look.ids, *b.ID)
		if look.from.IsZero() || b.FirstAt.Before(look.from) {
			look.from = *b.FirstAt
		}
		if b.LastAt.After(look.to) {
			look.to = *b.LastAt
		}
	}
	return look, nil
}

// selectArrived gives the customer's rows of those batches that lie behind the place, oldest first.
func selectArrived(ctx context.Context, q pg.Q, f Filter, look freshLook, after place, limit int) ([]LoggedRequest, error) {
	c := f.sql()
	c.add("batch_id = any(?)", pq.Array(look.ids))
	c.add("timestamp between ? and ?", look.from, look.to)
	if after != (place{}) {
		c.add("(timestamp, rid) > (?, ?::uuid)", time.UnixMilli(after.atMillis).UTC(), string(appendUUID(nil, after.rid)))
	}
	c.args = append(c.args, limit)
	rows := []LoggedRequest{}
	err := q.SelectContext(ctx, &rows, requestColumns+c.text.String()+fmt.Sprintf("\norder by timestamp, rid\nlimit $%d", len(c.args)), c.args...)
	return rows, err
}
