// Package audit records who changed what: one row for each mutation, in the mutation's own transaction.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

// Entry is one change. The actor is the context's signed-in customer, or "system".
type Entry struct {
	Action   string      // room.verb_done: services.config_saved
	Subject  string      // what changed, within the room: "seal", "key 17"
	Customer customer.ID // whose account it belongs to; zero for none
	Detail   any         // what a reader needs to understand the change, as JSON; no secrets
}

type requestKey struct{}

// WithRequest puts the id of the request in the context, to be kept with its entries.
func WithRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

const writeSQL = `insert into ops.audit (actor, customer_id, action, subject, detail, request_id)
values ($1, nullif($2::bigint, 0), $3, $4, $5, $6)`

// Write adds the entry in the caller's transaction.
func Write(ctx context.Context, q pg.Q, e Entry) error {
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		return fmt.Errorf("audit %s: %w", e.Action, err)
	}
	if e.Detail == nil {
		detail = []byte("{}")
	}
	actor := "system"
	if id := customer.From(ctx); id != 0 {
		actor = "customer:" + strconv.FormatInt(int64(id), 10)
	}
	request, _ := ctx.Value(requestKey{}).(string)
	if _, err := q.ExecContext(ctx, writeSQL, actor, e.Customer, e.Action, e.Subject, string(detail), request); err != nil {
		return fmt.Errorf("audit %s: %w", e.Action, err)
	}
	return nil
}
