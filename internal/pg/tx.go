package pg

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jmoiron/sqlx"
)

// Tx runs fn in one transaction: committed when fn returns nil, rolled back when it returns an error or panics. When
// the transaction loses against a concurrent one (serialization failure, deadlock) fn runs again, up to three times, so
// it must do nothing outside tx that it cannot do twice.
func Tx(ctx context.Context, db *sqlx.DB, fn func(tx *sqlx.Tx) error) error {
	return again(ctx, func() error { return once(ctx, db, fn) })
}

// again runs try until it did not lose against a concurrent transaction, four times at most.
func again(ctx context.Context, try func() error) error {
	err := try()
	for lost := 1; lost <= 3 && retryable(err); lost++ {
		// Started again at once, the loser can take the row before the winner of the deadlock wakes up for it, and both
		// stand where they stood.
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(lost) * (10*time.Millisecond + rand.N(20*time.Millisecond))):
		}
		err = try()
	}
	return err
}

type beginner interface {
	BeginTxx(ctx context.Context, opts *sql.TxOptions) (*sqlx.Tx, error)
}

func once(ctx context.Context, db beginner, fn func(tx *sqlx.Tx) error) error {
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // a no-op after commit; also what ends the transaction when fn panics
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
