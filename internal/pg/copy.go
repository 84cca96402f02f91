package pg

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// BulkTx is a transaction that can also COPY, because it knows its connection.
type BulkTx struct {
	*sqlx.Tx
	conn *sqlx.Conn
}

// Bulk runs fn in one transaction on a connection of its own. It commits, rolls back and retries like Tx.
func Bulk(ctx context.Context, db *sqlx.DB, fn func(b *BulkTx) error) error {
	return again(ctx, func() error {
		conn, err := db.Connx(ctx)
		if err != nil {
			return fmt.Errorf("bulk connection: %w", err)
		}
		defer conn.Close()
		return once(ctx, conn, func(tx *sqlx.Tx) error { return fn(&BulkTx{Tx: tx, conn: conn}) })
	})
}

// pieceBytes keeps one CopyData call below lib/pq's 63 KiB buffer, which then never grows.
const pieceBytes = 48 << 10

// copier is the part of lib/pq's COPY statement that takes encoded rows as they are.
type copier interface {
	CopyData(ctx context.Context, line string) (driver.Result, error)
}

// Copy sends block to statement, "copy schema.table (columns) from stdin". The block holds rows of COPY's text format
// (Postgres manual, COPY, "Text Format"), each ended by "\n"; an empty block copies nothing. An error leaves the
// transaction aborted.
func (b *BulkTx) Copy(ctx context.Context, statement string, block []byte) error {
	if len(block) == 0 {
		return nil
	}
	if block[len(block)-1] != '\n' {
		return errors.New("copy: the last row has no newline")
	}
	var failed error
	err := b.conn.Raw(func(raw any) error {
		// Raw closes the connection when it gets driver.ErrBadConn, and closing waits for our transaction: for ever.
		failed = copyIn(ctx, raw, statement, block)
		return nil
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	return nil
}

func copyIn(ctx context.Context, raw any, statement string, block []byte) error {
	stmt, err := raw.(driver.ConnPrepareContext).PrepareContext(ctx, statement)
	if err != nil {
		return err
	}
	defer stmt.Close()
	c, ok := stmt.(copier)
	if !ok {
		return fmt.Errorf("not a copy statement: %.40q", statement)
	}
	for len(block) > 0 {
		var piece []byte
		piece, block = cut(block)
		// CopyData adds the newline that cut took away.
		if _, err := c.CopyData(ctx, string(piece)); err != nil {
			return err
		}
	}
	// Without this Exec, an error in the last piece would be lost: Close does not report it.
	//lint:ignore SA1019 lib/pq ends a COPY by the statement's Exec
	_, err = stmt.Exec(nil)
	return err
}

// cut takes whole rows of at most pieceBytes off block, or the first row when that alone is longer. The piece comes
// without its last newline.
func cut(block []byte) (piece, rest []byte) {
	end := len(block) - 1
	if len(block) > pieceBytes {
		if end = bytes.LastIndexByte(block[:pieceBytes], '\n'); end < 0 {
			end = bytes.IndexByte(block, '\n')
		}
	}
	return block[:end], block[end+1:]
}
