package logs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/pg"
)

// daysAhead is for how many days a partition stands ready. A day that has none all the same gets it with its first row.
const daysAhead = 7

// turnDays makes the partitions of the days to come and drops those past retention.
func (m *Module) turnDays(ctx context.Context, now time.Time) error {
	for d := range daysAhead + 1 {
		if err := makeDay(ctx, m.kit.DB, dayOf(now).AddDate(0, 0, d)); err != nil {
			return fmt.Errorf("make day %d ahead: %w", d, err)
		}
	}
	keepFrom := m.keepFrom(now)
	err := pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		dropped, err := dropDays(ctx, tx, keepFrom)
		if dropped > 0 {
			m.log.Info("days past retention dropped", "days", dropped, "kept_from", keepFrom.Format(time.DateOnly))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("drop days before %s: %w", keepFrom.Format(time.DateOnly), err)
	}
	if err := forget(ctx, m.kit.DB, keepFrom); err != nil {
		return fmt.Errorf("forget rejects before %s: %w", keepFrom.Format(time.DateOnly), err)
	}
	return nil
}

// keepFrom is the first moment whose rows are kept.
func (m *Module) keepFrom(now time.Time) time.Time {
	return dayOf(now).AddDate(0, 0, -m.config.RetentionDays)
}

func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// days remembers which partitions are there, so that a batch asks only for a new one.
type days struct {
	mu   sync.Mutex
	made map[time.Time]bool
}

// ensure has a partition for each of these days.
func (d *days) ensure(ctx context.Context, db *sqlx.DB, needed []time.Time) error {
	for _, day := range needed {
		d.mu.Lock()
		made := d.made[day]
		d.mu.Unlock()
		if made {
			continue
		}
		if err := makeDay(ctx, db, day); err != nil {
			return fmt.Errorf("make day %s: %w", day.Format(time.DateOnly), err)
		}
		d.mu.Lock()
		d.made[day] = true
		d.mu.Unlock()
	}
	return nil
}

// doubt forgets what is there, after Postgres had no partition for a row.
func (d *days) doubt() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.made)
}
