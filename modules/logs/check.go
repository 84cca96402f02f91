package logs

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/pg"
)

// Check says, a sentence each, where the totals are not what the rows add up to, a batch does not hold or hold back what it says, or a chart
// is not the total. It says nothing when all is well. It reads every row that is kept.
func (m *Module) Check(ctx context.Context) ([]string, error) {
	var wrong []string
	err := pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		wrong = nil
		if err := beginCheck(ctx, tx); err != nil {
			return err
		}
		for _, query := range []string{checkBatches, checkTotals, checkRollups} {
			found, err := selectWrong(ctx, tx, query)
			if err != nil {
				return err
			}
			wrong = append(wrong, found...)
		}
		// Rejects and held rows are forgotten with the days.
		found, err := selectWrong(ctx, tx, checkHeld, dayOf(m.kit.Now()).AddDate(0, 0, 1-m.config.RetentionDays))
		wrong = append(wrong, found...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("check the logs: %w", err)
	}
	return wrong, nil
}

var (
	//go:embed sql/check_batches.sql
	checkBatches string
	//go:embed sql/check_held.sql
	checkHeld string
	//go:embed sql/check_totals.sql
	checkTotals string
	//go:embed sql/check_rollups.sql
	checkRollups string
)

// beginCheck lets the three look at one moment, for as long as it takes.
func beginCheck(ctx context.Context, tx pg.Q) error {
	if _, err := tx.ExecContext(ctx, `set transaction isolation level repeatable read read only`); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `set local statement_timeout = 0`)
	return err
}

func selectWrong(ctx context.Context, tx pg.Q, query string, args ...any) ([]string, error) {
	var wrong []string
	err := tx.SelectContext(ctx, &wrong, query, args...)
	return wrong, err
}
