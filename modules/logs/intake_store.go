package logs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"suiftly/internal/pg"
)

// What Postgres may have against a batch.
var (
	errRowThere   = errors.New("a row is there already")
	errRowRefused = errors.New("a row is refused")
	errNoDay      = errors.New("a row's day has no partition")
)

// against tells these apart. A row that is there already violates the partition's copy of haproxy_logs_once, whose name
// Postgres chose; so it is known by its table.
func against(err error) error {
	var p *pq.Error
	if err == nil || !errors.As(err, &p) {
		return err
	}
	switch {
	case p.Code == pqerror.UniqueViolation && strings.HasPrefix(p.Table, "haproxy_logs"):
		return fmt.Errorf("%w: %w", errRowThere, err)
	case p.Code == pqerror.CheckViolation && p.Constraint == "":
		return fmt.Errorf("%w: %w", errNoDay, err)
	case p.Code.Class() == "22", p.Code.Class() == "23":
		return fmt.Errorf("%w: %w", errRowRefused, err)
	}
	return err
}

const addBatch = `
insert into logs.batches (source, position, lines, stored, duplicates, rejected, quarantined, unattributed, first_at, last_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (source, position) do nothing
returning batch_id`

const recordedLines = `
select lines
from logs.batches
where source = $1
and position = $2`

// insertBatch gives the new batch's id, or again when it is there. A batch that is there with another number of lines is another
// one, which its sender cut differently: it is kept under a name of its own, so that none of its lines is lost, and those that
// came before are duplicates.
func insertBatch(ctx context.Context, tx pg.Q, b *batch, s *sorted, w written) (id int64, again bool, err error) {
	first, last := sql.NullTime{Time: s.first, Valid: !s.first.IsZero()}, sql.NullTime{Time: s.last, Valid: !s.last.IsZero()}
	insert := func(source string) error {
		return tx.GetContext(ctx, &id, addBatch, source, b.position, b.lines, w.stored, w.duplicates, w.rejected, w.quarantined, w.unattributed, first, last)
	}
	err = insert(b.source)
	if errors.Is(err, sql.ErrNoRows) {
		recorded := 0
		if err := tx.GetContext(ctx, &recorded, recordedLines, b.source, b.position); err != nil {
			return 0, false, err
		}
		if recorded == b.lines {
			return 0, true, nil
		}
		err = insert(fmt.Sprintf("%s~%d", b.source, b.lines))
	}
	if errors.Is(err, sql.ErrNoRows) {
		return 0, true, nil
	}
	return id, false, err
}

const recordedBatches = `
select position, lines
from logs.batches
where source = $1`

// selectRecorded gives the number of lines of every batch of a source, by position.
func selectRecorded(ctx context.Context, q pg.Q, source string) (map[int64]int, error) {
	var rows []struct {
		Position int64
		Lines    int
	}
	if err := q.SelectContext(ctx, &rows, recordedBatches, source); err != nil {
		return nil, err
	}
	recorded := make(map[int64]int, len(rows))
	for _, r := range rows {
		recorded[r.Position] = r.Lines
	}
	return recorded, nil
}

const recountBatch = `
update logs.batches
set stored = $2, duplicates = $3, rejected = $4, quarantined = $5, unattributed = $6
where batch_id = $1`

func updateBatch(ctx context.Context, tx pg.Q, id int64, w written) error {
	_, err := tx.ExecContext(ctx, recountBatch, id, w.stored, w.duplicates, w.rejected, w.quarantined, w.unattributed)
	return err
}

const copyLogs = `copy logs.haproxy_logs (` + ownerColumns + rowColumns + `) from stdin`

func copyRows(ctx context.Context, tx *pg.BulkTx, block []byte) error {
	return against(tx.Copy(ctx, copyLogs, block))
}

const makeAside = `
create temporary table aside (like logs.haproxy_logs including defaults, reason text)
on commit drop`

const copyIntoAside = `copy pg_temp.aside (reason, ` + ownerColumns + rowColumns + `) from stdin`

func copyAside(ctx context.Context, tx *pg.BulkTx, block []byte) error {
	if _, err := tx.ExecContext(ctx, makeAside); err != nil {
		return err
	}
	return against(tx.Copy(ctx, copyIntoAside, block))
}

// In order, so that two batches with the same lines wait for each other instead of dying in a deadlock.
const takeAside = `
with added as (
    insert into logs.haproxy_logs (` + ownerColumns + rowColumns + `)
    select ` + ownerColumns + rowColumns + `
    from pg_temp.aside
    where reason is null
    order by timestamp, rid
    on conflict (timestamp, rid) do nothing
    returning customer_id
)
select count(*) as stored, count(*) filter (where customer_id = 0) as unattributed
from added`

func insertAside(ctx context.Context, tx pg.Q) (stored, unattributed int, err error) {
	var n struct{ Stored, Unattributed int }
	err = tx.GetContext(ctx, &n, takeAside)
	return n.Stored, n.Unattributed, against(err)
}

const holdFromAside = `
insert into logs.quarantine (` + ownerColumns + rowColumns + `, reason)
select ` + ownerColumns + rowColumns + `, reason
from pg_temp.aside
where reason is not null
order by timestamp, rid
on conflict (timestamp, rid) do nothing`

func holdAside(ctx context.Context, tx pg.Q) (int, error) {
	done, err := tx.ExecContext(ctx, holdFromAside)
	if err != nil {
		return 0, against(err)
	}
	n, err := done.RowsAffected()
	return int(n), err
}

const addRejects = `
insert into logs.rejects (rid, batch_id, line_number, reason, line, intact)
select rid, $1, line_number, reason, line, intact
from unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::boolean[]) as r (rid, line_number, reason, line, intact)
order by rid
on conflict (rid) do nothing`

// insertRejects gives how many were not there yet.
func insertRejects(ctx context.Context, tx pg.Q, id int64, rejects []reject) (int, error) {
	if len(rejects) == 0 {
		return 0, nil
	}
	rids, numbers := make([]string, len(rejects)), make([]int64, len(rejects))
	reasons, lines, intact := make([]string, len(rejects)), make([]string, len(rejects)), make([]bool, len(rejects))
	for i, r := range rejects {
		rids[i], numbers[i], reasons[i], lines[i], intact[i] = string(appendUUID(nil, r.rid)), int64(r.number), r.reason, r.line, r.intact
	}
	done, err := tx.ExecContext(ctx, addRejects, id, pq.Array(rids), pq.Array(numbers), pq.Array(reasons), pq.Array(lines), pq.Array(intact))
	if err != nil {
		return 0, err
	}
	n, err := done.RowsAffected()
	return int(n), err
}

const copyQuarantine = `copy logs.quarantine (reason, ` + ownerColumns + rowColumns + `) from stdin`

// copyRow writes one row under a savepoint: stored is false for one that is there, and the error is errRowRefused for one
// that Postgres does not take. The transaction goes on in both cases.
func copyRow(ctx context.Context, tx *pg.BulkTx, one []byte, reason string) (stored bool, err error) {
	if _, err := tx.ExecContext(ctx, `savepoint line`); err != nil {
		return false, err
	}
	if reason == "" {
		err = tx.Copy(ctx, copyLogs, one)
	} else {
		err = tx.Copy(ctx, copyQuarantine, append([]byte(reason+"\t"), one...))
	}
	after := `release savepoint line`
	var p *pq.Error
	if errors.As(err, &p) && p.Code.Class() != "08" && p.Code.Class() != "57" {
		after = `rollback to savepoint line`
	} else if err != nil {
		return false, err
	}
	if _, lost := tx.ExecContext(ctx, after); lost != nil {
		return false, lost
	}
	if p != nil && p.Code == pqerror.UniqueViolation {
		return false, nil
	}
	return err == nil, against(err)
}

const makePartition = `select logs.make_partition($1::date)`

func makeDay(ctx context.Context, db *sqlx.DB, day time.Time) error {
	_, err := db.ExecContext(ctx, makePartition, day.Format(time.DateOnly))
	return err
}

const dropPartitions = `select logs.drop_partitions($1::date)`

// dropDays gives up after three seconds: dropping waits for everything that reads the table, and everything else for it.
func dropDays(ctx context.Context, tx pg.Q, keepFrom time.Time) (dropped int, err error) {
	if _, err := tx.ExecContext(ctx, `set local lock_timeout = '3s'`); err != nil {
		return 0, err
	}
	err = tx.GetContext(ctx, &dropped, dropPartitions, keepFrom.Format(time.DateOnly))
	return dropped, err
}

const (
	forgetRejects    = `delete from logs.rejects where rejected_at < $1`
	forgetQuarantine = `delete from logs.quarantine where held_at < $1`
)

func forget(ctx context.Context, q pg.Q, before time.Time) error {
	if _, err := q.ExecContext(ctx, forgetRejects, before); err != nil {
		return err
	}
	_, err := q.ExecContext(ctx, forgetQuarantine, before)
	return err
}
