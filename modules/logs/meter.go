package logs

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/pg"
)

// Meter adds every committed batch that is not yet in the totals, and gives the number of lines it added. When it returns,
// what was committed before the call is in the totals, whoever added it: it waits for a meter at work elsewhere.
func (m *Module) Meter(ctx context.Context) (int, error) {
	lines := 0
	for {
		n, err := m.meterFree(ctx)
		lines += n
		if err != nil {
			return lines, err
		}
		held := 0
		err = pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
			ids, err := lockUnmetered(ctx, tx)
			held = len(ids)
			return err
		})
		if err != nil {
			return lines, fmt.Errorf("wait for the other meter: %w", err)
		}
		if held == 0 {
			return lines, nil
		}
	}
}

// meterFree meters every batch that no other meter holds, chunk by chunk.
func (m *Module) meterFree(ctx context.Context) (int, error) {
	lines := 0
	for {
		batches, n, err := m.meterChunk(ctx)
		lines += n
		if err != nil || batches == 0 {
			return lines, err
		}
	}
}

// meterChunk is one transaction: claim, add, mark. A meter that dies anywhere in it leaves nothing behind.
// Batches are claimed by id and flag, never "since the last id": a batch with a lower id may commit later.
func (m *Module) meterChunk(ctx context.Context) (batches, lines int, err error) {
	err = pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		claimed, err := claimUnmetered(ctx, tx, m.config.MeterBatches)
		batches, lines = len(claimed), 0
		if err != nil || batches == 0 {
			return err
		}
		s := spanOf(claimed)
		run, err := insertMeterRun(ctx, tx, batches, s.lines)
		if err != nil {
			return err
		}
		if s.lines > 0 {
			added, err := addTotals(ctx, tx, s)
			if err != nil {
				return err
			}
			if added != s.lines {
				// Rows were removed by hand. Stopping would stop everybody's bill and bring none of them back; Check keeps saying it.
				m.kit.Log.Error("batches hold other rows than they say", "from_batch", s.lo, "to_batch", s.hi, "said", s.lines, "held", added)
			}
		}
		marked, err := updateMetered(ctx, tx, run, s.ids)
		if err != nil {
			return err
		}
		if marked != int64(batches) {
			return fmt.Errorf("marked %d of %d batches", marked, batches)
		}
		lines = int(s.lines)
		return nil
	})
	if err != nil {
		return 0, 0, fmt.Errorf("meter: %w", err)
	}
	return batches, lines, nil
}

// span is what bounds a read of some batches: their ids, the lowest and highest, and the time their rows lie in. The bounds
// let Postgres use the batch index and leave out the other days.
type span struct {
	ids      []int64
	lo, hi   int64
	from, to time.Time
	lines    int64
}

func spanOf(batches []batchSpan) span {
	s := span{ids: make([]int64, len(batches))}
	for i, b := range batches {
		s.ids[i] = b.ID
		s.lines += b.Stored
		if i == 0 || b.ID < s.lo {
			s.lo = b.ID
		}
		s.hi = max(s.hi, b.ID)
		if b.FirstAt != nil && (s.from.IsZero() || b.FirstAt.Before(s.from)) {
			s.from = *b.FirstAt
		}
		if b.LastAt != nil && b.LastAt.After(s.to) {
			s.to = *b.LastAt
		}
	}
	return s
}
