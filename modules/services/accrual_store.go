package services

import (
	"context"
	_ "embed"
	"time"

	"github.com/lib/pq"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

//go:embed sql/select_spans.sql
var selectSpansSQL string

func selectSpans(ctx context.Context, q pg.Q, ids []customer.ID, from, to time.Time) (spans []Span, err error) {
	return spans, q.SelectContext(ctx, &spans, selectSpansSQL, pq.Array(ids), from, to)
}

const accruingSQL = `select customer_id, count(distinct service) as services
from services.enabled_periods
where enabled_at < $2 and (disabled_at is null or disabled_at > $1)
group by customer_id`

func selectAccruing(ctx context.Context, q pg.Q, from, to time.Time) (map[customer.ID]int64, error) {
	var rows []struct {
		Customer customer.ID `db:"customer_id"`
		Services int64
	}
	if err := q.SelectContext(ctx, &rows, accruingSQL, from, to); err != nil {
		return nil, err
	}
	found := make(map[customer.ID]int64, len(rows))
	for _, r := range rows {
		found[r.Customer] = r.Services
	}
	return found, nil
}
