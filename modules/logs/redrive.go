package logs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/audit"
	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/pg"
)

// redriveLines bounds one call, which is one transaction.
const redriveLines = 20_000

// What an operator may ask wrongly.
var ErrNobody = fault.New(fault.Invalid, "logs.no_such_customer", "There is no customer with this number.")

// errNothing rolls a redrive back that moved nothing.
var errNothing = errors.New("nothing to redrive")

// Redriven is what a redrive did.
type Redriven struct {
	Tried        int  `json:"tried" doc:"Lines that were looked at."`
	Stored       int  `json:"stored" doc:"Rows that are now metered and billed like any other."`
	Duplicates   int  `json:"duplicates" doc:"Lines that had come again meanwhile."`
	Quarantined  int  `json:"quarantined" doc:"Lines that could be read, of a time too far away."`
	Unattributed int  `json:"unattributed" doc:"Of the stored: of no known customer."`
	Left         int  `json:"left" doc:"Lines that stay as they are."`
	More         bool `json:"more" doc:"There was more than one call takes: call again."`
}

// ReleaseQuarantined stores held rows, those of a time that is not in the future any more and within retention. They are
// metered by the next run of the meter, and billed.
func (m *Module) ReleaseQuarantined(ctx context.Context, f HeldFilter) (Redriven, error) {
	now := m.kit.Now()
	// The oldest day may be dropped while this runs.
	from := later(f.From, dayOf(now).AddDate(0, 0, 1-m.config.RetentionDays))
	to := now.Add(time.Duration(m.config.FutureMinutes) * time.Minute)
	if !f.To.IsZero() && f.To.Before(to) {
		to = f.To.Add(-time.Microsecond)
	}
	var r released
	days, err := selectHeldDays(ctx, m.kit.DB, from, to)
	if err == nil {
		err = m.intake.days.ensure(ctx, m.kit.DB, days)
	}
	if err != nil {
		return Redriven{}, fmt.Errorf("release quarantined lines: %w", err)
	}
	err = pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		position, err := nextRedrivePosition(ctx, tx)
		if err != nil {
			return err
		}
		id, _, err := insertBatch(ctx, tx, &batch{source: "redrive/quarantine", position: position}, &sorted{}, written{})
		if err != nil {
			return err
		}
		if r, err = releaseHeld(ctx, tx, id, f, from, to, redriveLines, now); err != nil {
			return err
		}
		if r.Lines == 0 {
			return errNothing
		}
		if err := updateReleased(ctx, tx, id, r); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "logs.quarantine_released", Subject: fmt.Sprintf("batch %d", id), Detail: map[string]any{
			"filter": f.told(), "lines": r.Lines, "stored": r.Stored,
		}})
	})
	if err != nil && !errors.Is(err, errNothing) {
		return Redriven{}, fmt.Errorf("release quarantined lines: %w", err)
	}
	return Redriven{Tried: r.Lines, Stored: r.Stored, Duplicates: r.Lines - r.Stored, Unattributed: r.Unattributed, More: r.Lines == redriveLines}, nil
}

// RedriveRejects reads rejects again, with today's parser. Those that it can read become rows under the identity they would
// have had, or are held for their time.
func (m *Module) RedriveRejects(ctx context.Context, f HeldFilter) (Redriven, error) {
	var out Redriven
	err := pg.Bulk(ctx, m.kit.DB, func(tx *pg.BulkTx) error {
		position, err := nextRedrivePosition(ctx, tx)
		if err != nil {
			return err
		}
		b := &batch{}
		b.reset("redrive/rejects", position, time.Now())
		tried, rids, err := m.readRejects(ctx, tx, f, b)
		out = Redriven{Tried: tried, Left: tried - b.lines, More: b.lines == redriveLines}
		if err != nil {
			return err
		}
		if b.lines == 0 {
			return errNothing
		}
		s, err := m.intake.sort(ctx, b)
		if err != nil {
			return err
		}
		if err := m.intake.days.ensure(ctx, m.kit.DB, s.days); err != nil {
			return err
		}
		id, _, err := insertBatch(ctx, tx, b, s, written{stored: len(b.rows) - s.held, quarantined: s.held, unattributed: s.unattributed})
		if err != nil {
			return err
		}
		var done written
		if err := m.intake.writeSorted(ctx, tx, b, s, id, &done); err != nil {
			return err
		}
		if err := updateBatch(ctx, tx, id, done); err != nil {
			return err
		}
		if err := updateRedriven(ctx, tx, id, m.kit.Now(), rids); err != nil {
			return err
		}
		out.Stored, out.Duplicates, out.Quarantined, out.Unattributed = done.stored, done.duplicates, done.quarantined, done.unattributed
		return audit.Write(ctx, tx, audit.Entry{Action: "logs.rejects_redriven", Subject: fmt.Sprintf("batch %d", id), Detail: map[string]any{
			"filter": f.told(), "lines": b.lines, "stored": done.stored,
		}})
	})
	if err != nil && !errors.Is(err, errNothing) {
		return Redriven{}, fmt.Errorf("redrive rejected lines: %w", err)
	}
	return out, nil
}

// readRejects fills a batch with the rejects that can be read.
func (m *Module) readRejects(ctx context.Context, tx pg.Q, f HeldFilter, b *batch) (tried int, rids []string, err error) {
	var l Line
	l.zone = m.intake.settings.zone
	for after := (heldPlace{id: "00000000-0000-0000-0000-000000000000"}); ; {
		unread, err := lockRejects(ctx, tx, f, after, min(1000, redriveLines-b.lines))
		if err != nil || len(unread) == 0 {
			return tried, rids, err
		}
		for _, u := range unread {
			after = heldPlace{u.RejectedAt, u.RID}
			tried++
			if l.Parse([]byte(u.Line)) != nil {
				continue
			}
			rid := l.ID
			if !l.HasID && !uuid([]byte(u.RID), &rid) {
				return tried, rids, fmt.Errorf("reject %q", u.RID)
			}
			b.lines++
			b.row(&l, rid, m.intake.settings)
			rids = append(rids, u.RID)
		}
		if b.lines >= redriveLines {
			return tried, rids, nil
		}
	}
}

// Claim is what rows of nobody say whose they are.
type Claim struct {
	Claimed  string    `db:"claimed" json:"claimed" doc:"What the lines name as their customer; empty when they name none."`
	Service  string    `db:"service" json:"service" doc:"Empty when they name none; such rows cannot be attributed."`
	Requests int64     `db:"requests" json:"requests"`
	FirstAt  time.Time `db:"first_at" json:"first_at"`
	LastAt   time.Time `db:"last_at" json:"last_at"`
}

// Claims gives what rows of nobody claim in a time, most requests first.
func (m *Module) Claims(ctx context.Context, from, to time.Time) ([]Claim, error) {
	found, err := selectClaims(ctx, m.kit.DB, from, to, 500)
	if err != nil {
		return nil, fmt.Errorf("claims of unattributed rows: %w", err)
	}
	return found, nil
}

// Attribute gives the rows that claim to be of someone, and name a service, to a customer. They are billed as if they had been
// the customer's from the start; it gives how many, and whether there are more than one call takes.
func (m *Module) Attribute(ctx context.Context, claimed string, to customer.ID, from, until time.Time) (rows int64, more bool, err error) {
	known, err := m.Known(ctx, []customer.ID{to})
	if err != nil {
		return 0, false, fmt.Errorf("attribute rows to customer %d: %w", to, err)
	}
	if !known[to] {
		return 0, false, ErrNobody.With(fault.Field{Name: "customer_id", Message: "is not a customer"})
	}
	err = pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		rows = 0
		n, err := attributeRows(ctx, tx, claimed, to, from, until, redriveLines)
		if rows = n; err != nil || n == 0 {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "logs.rows_attributed", Subject: claimed, Customer: to, Detail: map[string]any{
			"rows": n, "from": from, "to": until,
		}})
	})
	if err != nil {
		return 0, false, fmt.Errorf("attribute rows to customer %d: %w", to, err)
	}
	return rows, rows == redriveLines, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
