package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

// Row is an entry as it was kept.
type Row struct {
	ID        int64           `db:"audit_id" json:"audit_id"`
	At        time.Time       `db:"at" json:"at"`
	Actor     string          `db:"actor" json:"actor" doc:"customer:<id> or system."`
	Action    string          `db:"action" json:"action"`
	Subject   string          `db:"subject" json:"subject"`
	Detail    json.RawMessage `db:"detail" json:"detail"`
	RequestID string          `db:"request_id" json:"request_id"`
}

const ofSQL = `select audit_id, at, actor, action, subject, detail, request_id
from ops.audit
where customer_id = $1
order by at desc, audit_id desc`

// Of gives every entry of a customer's account, newest first.
func Of(ctx context.Context, q pg.Q, id customer.ID) (rows []Row, err error) {
	if err := q.SelectContext(ctx, &rows, ofSQL, id); err != nil {
		return nil, fmt.Errorf("read audit entries: %w", err)
	}
	return rows, nil
}
