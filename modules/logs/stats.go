package logs

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
)

// Step is the width of a chart's buckets.
type Step struct {
	Name  string
	Width time.Duration
	most  int // buckets in one answer
	sql   string
}

var steps = map[string]Step{
	"minute": {"minute", time.Minute, 24 * 60, minuteBuckets},
	"hour":   {"hour", time.Hour, 93 * 24, hourBuckets},
}

// RequestBucket is what happened in one minute or hour. Requests is the sum of the status classes.
type RequestBucket struct {
	At            time.Time `db:"bucket" json:"at" doc:"The bucket's start."`
	Requests      int64     `db:"requests" json:"requests"`
	Billable      int64     `db:"billable" json:"billable" doc:"Requests that cost."`
	Bytes         int64     `db:"bytes" json:"bytes" doc:"Sent, of requests that reached a backend: what bandwidth is charged on."`
	Status2xx     int64     `db:"status_2xx" json:"status_2xx"`
	Status3xx     int64     `db:"status_3xx" json:"status_3xx"`
	Status4xx     int64     `db:"status_4xx" json:"status_4xx" doc:"With those of 429."`
	Status429     int64     `db:"status_429" json:"status_429" doc:"Requests over the rate limit."`
	Status5xx     int64     `db:"status_5xx" json:"status_5xx"`
	StatusOther   int64     `db:"status_other" json:"status_other" doc:"Above all, clients that left before an answer."`
	DurationSumMs int64     `db:"duration_sum_ms" json:"duration_sum_ms" doc:"Divide by the sum of latency for the mean."`
	Latency       []int64   `db:"-" json:"latency" nullable:"false" doc:"How many requests took up to each of latency_bounds_ms, not counted in a lower one; the last is the rest."`
}

// ServiceStats are the buckets of one service, oldest first, without a gap.
type ServiceStats struct {
	Service string
	Buckets []RequestBucket
}

// latencyBounds are the upper bounds of RequestBucket.Latency, in milliseconds.
var latencyBounds = []int64{5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000}

type bucketRow struct {
	Service string `db:"service"`
	RequestBucket
	Took5     int64 `db:"took_5"`
	Took10    int64 `db:"took_10"`
	Took25    int64 `db:"took_25"`
	Took50    int64 `db:"took_50"`
	Took100   int64 `db:"took_100"`
	Took250   int64 `db:"took_250"`
	Took500   int64 `db:"took_500"`
	Took1000  int64 `db:"took_1000"`
	Took2500  int64 `db:"took_2500"`
	Took5000  int64 `db:"took_5000"`
	Took10000 int64 `db:"took_10000"`
	TookMore  int64 `db:"took_more"`
}

func (r bucketRow) bucket() RequestBucket {
	b := r.RequestBucket
	b.At = b.At.UTC()
	b.Latency = []int64{
		r.Took5, r.Took10, r.Took25, r.Took50, r.Took100, r.Took250, r.Took500, r.Took1000, r.Took2500, r.Took5000, r.Took10000, r.TookMore,
	}
	return b
}

// Stats gives the customer's buckets in [from, to), per service that had a request in it, in order of name. from and to are
// widened to whole buckets.
func (m *Module) Stats(ctx context.Context, id customer.ID, from, to time.Time, step Step) ([]ServiceStats, error) {
	from, to = widened(from, to, step)
	var rows []bucketRow
	err := m.own(ctx, id, func(tx *sqlx.Tx) (err error) {
		rows, err = selectBuckets(ctx, tx, step, from, to)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("stats of customer %d: %w", id, err)
	}
	return filled(rows, from, to, step), nil
}

func widened(from, to time.Time, step Step) (time.Time, time.Time) {
	from = from.UTC().Truncate(step.Width)
	if end := to.UTC().Truncate(step.Width); end.Before(to) {
		return from, end.Add(step.Width)
	}
	return from, to.UTC().Truncate(step.Width)
}

// stepOf checks what a chart asks for.
func stepOf(name string, from, to time.Time) (Step, error) {
	step, ok := steps[name]
	if !ok {
		return step, ErrBadRange.With(fault.Field{Name: "step", Message: "is minute or hour"})
	}
	if !from.Before(to) {
		return step, ErrBadRange.With(fault.Field{Name: "to", Message: "must be after from"})
	}
	if y := from.Year(); y < 2000 || to.Year() >= 2100 {
		return step, ErrBadRange.With(fault.Field{Name: "from", Message: "is not a time we have logs of"})
	}
	wide, end := widened(from, to, step)
	if end.Sub(wide) > time.Duration(step.most)*step.Width {
		return step, ErrBadRange.With(fault.Field{Name: "from", Message: fmt.Sprintf("at most %d buckets of one %s can be shown", step.most, step.Name)})
	}
	return step, nil
}

// filled puts a bucket of zeros where rows, in order of service and time, have none.
func filled(rows []bucketRow, from, to time.Time, step Step) []ServiceStats {
	n := int(to.Sub(from) / step.Width)
	stats := []ServiceStats{}
	for _, r := range rows {
		if len(stats) == 0 || stats[len(stats)-1].Service != r.Service {
			s := ServiceStats{Service: r.Service, Buckets: make([]RequestBucket, n)}
			for i := range s.Buckets {
				s.Buckets[i] = RequestBucket{At: from.Add(time.Duration(i) * step.Width), Latency: make([]int64, len(latencyBounds)+1)}
			}
			stats = append(stats, s)
		}
		if i := int(r.At.Sub(from) / step.Width); i >= 0 && i < n {
			stats[len(stats)-1].Buckets[i] = r.bucket()
		}
	}
	return stats
}
