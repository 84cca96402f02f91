package pg

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// Tx runs fn in one transaction: committed when fn returns nil, rolled back when it returns an error or panics. When
// the transaction loses against a concurrent one (serialization failure, deadlock) fn runs once more, so it must do
// nothing outside tx that it cannot do twice.
func Tx(ctx context.Context, db *sqlx.DB, fn func(tx *sqlx.Tx) error) error {
	err := once(ctx, db, fn)
	if retryable(err) && ctx.Err() == nil {
		err = once(ctx, db, fn)
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
