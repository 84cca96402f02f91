package logs

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

// readerRole may read the views of a customer's own rows, and no table.
const readerRole = "suiftly_logs_reader"

// reader knows whether this database lets us become readerRole.
type reader struct {
	mu    sync.Mutex
	asked bool
	role  string
}

// as gives the role that reads for customers: readerRole, or none where it cannot be had. The views hold then too; what is
// missing is that a query could name a table beside them.
func (r *reader) as(ctx context.Context, m *Module) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asked {
		return r.role, nil
	}
	admitted, err := admit(ctx, m.kit.DB)
	if err != nil {
		return "", fmt.Errorf("admit the reader: %w", err)
	}
	r.asked, r.role = true, readerRole
	if !admitted {
		r.role = "none"
		m.log.Warn("the database's user may create no role: customers' reads are kept apart by views alone. As an administrator: create role " +
			readerRole + " nologin; grant " + readerRole + " to the user, and restart")
	}
	return r.role, nil
}

// own runs fn in a transaction that can read the customer's own rows and nothing else, and change nothing. It is the only way in
// which rows leave the room for a customer.
func (m *Module) own(ctx context.Context, id customer.ID, fn func(tx *sqlx.Tx) error) error {
	role, err := m.reader.as(ctx, m)
	if err != nil {
		return err
	}
	return pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		if err := become(ctx, tx, id, role); err != nil {
			return fmt.Errorf("read as customer %d: %w", id, err)
		}
		return fn(tx)
	})
}

const admitReader = `select logs.admit_reader()`

func admit(ctx context.Context, q pg.Q) (admitted bool, err error) {
	err = q.GetContext(ctx, &admitted, admitReader)
	return admitted, err
}

// jit compiles for longer than these queries run.
const becomeReader = `
select set_config('suiftly.customer_id', $1, true), set_config('transaction_read_only', 'on', true), set_config('jit', 'off', true),
    set_config('role', $2, true)`

func become(ctx context.Context, tx pg.Q, id customer.ID, role string) error {
	_, err := tx.ExecContext(ctx, becomeReader, strconv.FormatInt(int64(id), 10), role)
	return err
}
