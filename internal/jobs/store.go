package jobs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/pg"
)

const (
	// catchUpDays is how far back a job that catches up looks.
	catchUpDays = 30
	// catchUpRuns bounds the due times of one turn, so that the lock is given free now and then.
	catchUpRuns = 1000
	// keepRuns is how many due times of a job are remembered.
	keepRuns = 2000
	// errorBytes is how much of a failed run's error is recorded.
	errorBytes = 4000
)

// keep is how long the runs of j are remembered: what catching up looks back on, otherwise some thousand due times.
func keep(j Job) time.Duration {
	const month = (catchUpDays + 1) * 24 * time.Hour
	if j.CatchUp {
		return month
	}
	return max(min(keepRuns*j.Every, month), 2*j.Every)
}

// A failed run waits half its age before the next attempt (seconds at first, days in the end): a due time that cannot
// succeed must not keep the job busy. A run that still says "running" belongs to a dead holder when we have the lock.
const retry = `(r.state = 'running'
		or r.state = 'failed' and $%[1]d - r.finished_at >= (r.finished_at - r.due_at) / 2)`

var newestDue = `
select d.due_at
from (select $2::timestamptz as due_at) d
left join ops.job_runs r on r.job = $1 and r.due_at = d.due_at
where r.job is null or ` + fmt.Sprintf(retry, 3)

// missedDue goes back to the first run that is remembered: before that the job did not exist. The series runs backwards
// because only its newest time is sure to be a due time, also after Every has changed.
var missedDue = `
select d.due_at
from generate_series(
	$2::timestamptz,
	greatest(
		$2::timestamptz - $4::bigint * interval '1 microsecond',
		coalesce((select min(f.due_at) from ops.job_runs f where f.job = $1), $2)),
	$5::bigint * interval '-1 microsecond') d (due_at)
left join ops.job_runs r on r.job = $1 and r.due_at = d.due_at
where r.job is null or ` + fmt.Sprintf(retry, 3) + `
order by d.due_at
limit $6`

// dueTimes lists the due times of j up to now that are to be run, oldest first.
func dueTimes(ctx context.Context, db *sqlx.DB, j Job, now time.Time) (due []time.Time, err error) {
	newest := now.Truncate(j.Every)
	if j.CatchUp {
		back := time.Duration(catchUpDays * 24 * time.Hour)
		err = db.SelectContext(ctx, &due, missedDue, j.Name, newest, now, back.Microseconds(), j.Every.Microseconds(), catchUpRuns)
	} else {
		err = db.SelectContext(ctx, &due, newestDue, j.Name, newest, now)
	}
	if err != nil {
		return nil, fmt.Errorf("due times of %s: %w", j.Name, err)
	}
	for i := range due {
		due[i] = due[i].UTC()
	}
	return due, nil
}

const claimRun = `
insert into ops.job_runs as r (job, due_at, epoch, state, replica, started_at)
values ($1, $2, $3, 'running', $4, $5)
on conflict on constraint job_runs_pkey do update
set epoch = excluded.epoch, state = 'running', replica = excluded.replica, started_at = excluded.started_at,
	finished_at = null, error = null
where r.epoch <= excluded.epoch
	and ($6 or r.state = 'failed' or r.state = 'running' and r.epoch < excluded.epoch)`

// claim reports whether the run is ours to do. Without again a due time that was run well is left alone.
func claim(ctx context.Context, db *sqlx.DB, job string, due time.Time, epoch int64, replica string, now time.Time, again bool) (bool, error) {
	res, err := db.ExecContext(ctx, claimRun, job, due, epoch, replica, now, again)
	if err != nil {
		return false, fmt.Errorf("claim %s of %s: %w", job, due, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

const finishRun = `
update ops.job_runs
set state = case when $5::text is null then 'ok' else 'failed' end, finished_at = $4, error = $5
where job = $1 and due_at = $2 and epoch = $3`

// finish records the result of a run, unless a later holder has taken it over.
func finish(ctx context.Context, db *sqlx.DB, job string, due time.Time, epoch int64, now time.Time, failed error) error {
	var text *string
	if failed != nil {
		s := failed.Error()
		if len(s) > errorBytes {
			s = s[:errorBytes]
		}
		s = strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "") // what a text column takes
		text = &s
	}
	if _, err := db.ExecContext(ctx, finishRun, job, due, epoch, now, text); err != nil {
		return fmt.Errorf("record %s of %s: %w", job, due, err)
	}
	return nil
}

const pruneRuns = `
delete from ops.job_runs
where job = $1 and due_at < $2`

func prune(ctx context.Context, db *sqlx.DB, job string, before time.Time) error {
	if _, err := db.ExecContext(ctx, pruneRuns, job, before); err != nil {
		return fmt.Errorf("prune runs of %s: %w", job, err)
	}
	return nil
}

const raiseEpoch = `
insert into ops.job_fences as f (job, epoch)
values ($1, 1)
on conflict on constraint job_fences_pkey do update
set epoch = f.epoch + 1
returning epoch`

// raise gives the job's next epoch. It waits for transactions that hold the fence of an earlier one.
func raise(ctx context.Context, conn *sqlx.Conn, job string) (epoch int64, err error) {
	if err := conn.GetContext(ctx, &epoch, raiseEpoch, job); err != nil {
		return 0, fmt.Errorf("raise epoch: %w", err)
	}
	return epoch, nil
}

// `for share` conflicts with raiseEpoch; the weaker `for key share` would not.
const holdEpoch = `
select epoch
from ops.job_fences
where job = $1
for share`

func heldEpoch(ctx context.Context, tx pg.Q, job string) (epoch int64, err error) {
	if err := tx.GetContext(ctx, &epoch, holdEpoch, job); err != nil {
		return 0, fmt.Errorf("hold the fence of %s: %w", job, err)
	}
	return epoch, nil
}
