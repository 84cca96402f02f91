package logs

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
)

// Outcomes are what came of the requests of a bucket, or of a whole filter. Requests is the sum of the status classes.
type Outcomes struct {
	At          time.Time `db:"bucket" json:"at" doc:"The bucket's start."`
	Requests    int64     `db:"requests" json:"requests"`
	Billable    int64     `db:"billable" json:"billable" doc:"Requests that cost."`
	Bytes       int64     `db:"bytes" json:"bytes" doc:"Sent, of requests that reached a backend: what bandwidth is charged on."`
	Status2xx   int64     `db:"status_2xx" json:"status_2xx"`
	Status3xx   int64     `db:"status_3xx" json:"status_3xx"`
	Status4xx   int64     `db:"status_4xx" json:"status_4xx" doc:"With those of 429."`
	Status429   int64     `db:"status_429" json:"status_429"`
	Status5xx   int64     `db:"status_5xx" json:"status_5xx"`
	StatusOther int64     `db:"status_other" json:"status_other" doc:"Above all, clients that left before an answer."`
}

func (o *Outcomes) add(b Outcomes) {
	o.Requests += b.Requests
	o.Billable += b.Billable
	o.Bytes += b.Bytes
	o.Status2xx += b.Status2xx
	o.Status3xx += b.Status3xx
	o.Status4xx += b.Status4xx
	o.Status429 += b.Status429
	o.Status5xx += b.Status5xx
	o.StatusOther += b.StatusOther
}

// Histogram is how the requests of a filter lie in time. Total is the sum of Buckets, and both are of exactly the rows that the
// filter lists.
type Histogram struct {
	Step    time.Duration
	Total   Outcomes // at the filter's beginning
	Buckets []Outcomes
}

// histogramSteps are the widths a bucket may have; all of them divide a day, so that buckets begin where people expect.
var histogramSteps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// mostBuckets is what a histogram has room for.
const mostBuckets = 120

// histogramStep is the narrowest step that fits.
func histogramStep(from, to time.Time) (time.Duration, bool) {
	for _, step := range histogramSteps {
		if bucketsIn(from, to, step) <= mostBuckets {
			return step, true
		}
	}
	return 0, false
}

func bucketsIn(from, to time.Time, step time.Duration) int {
	first := from.Truncate(step)
	return int((to.Sub(first) + step - 1) / step)
}

// Histogram counts the customer's requests of the filter, which must say from when to when.
func (m *Module) Histogram(ctx context.Context, id customer.ID, f Filter) (Histogram, error) {
	if f.From.IsZero() || f.To.IsZero() {
		return Histogram{}, ErrBadFilter.With(fault.Field{Name: "from", Message: "a histogram needs from and to"})
	}
	step, ok := histogramStep(f.From, f.To)
	if !ok {
		return Histogram{}, ErrBadFilter.With(fault.Field{Name: "from", Message: fmt.Sprintf("is more than %d days before to", mostBuckets)})
	}
	var rows []Outcomes
	err := m.own(ctx, id, func(tx *sqlx.Tx) (err error) {
		rows, err = selectHistogram(ctx, tx, f, step)
		return err
	})
	if err != nil {
		return Histogram{}, fmt.Errorf("histogram of customer %d: %w", id, err)
	}
	first := f.From.Truncate(step)
	h := Histogram{Step: step, Total: Outcomes{At: f.From}, Buckets: make([]Outcomes, bucketsIn(f.From, f.To, step))}
	for i := range h.Buckets {
		h.Buckets[i].At = first.Add(time.Duration(i) * step)
	}
	for _, row := range rows {
		row.At = row.At.UTC()
		h.Total.add(row)
		h.Buckets[row.At.Sub(first)/step] = row
	}
	return h, nil
}

// PathCount is one of the paths that are asked for most.
type PathCount struct {
	Service  string `db:"service" json:"service"`
	Path     string `db:"path" json:"path"`
	Requests int64  `db:"requests" json:"requests"`
	Billable int64  `db:"billable" json:"billable"`
	Failed   int64  `db:"failed" json:"failed" doc:"Answered 5xx."`
	Bytes    int64  `db:"bytes" json:"bytes" doc:"Sent, of requests that reached a backend."`
	P50Ms    int64  `db:"p50_ms" json:"p50_ms" doc:"Half of them took this long or less; -1 when none was timed."`
	P95Ms    int64  `db:"p95_ms" json:"p95_ms"`
}

// pathsWithin bounds what is read to count paths: they are in no rollup.
const pathsWithin = 7 * 24 * time.Hour

// Paths gives the paths of a filter, those with most requests first.
func (m *Module) Paths(ctx context.Context, id customer.ID, f Filter, limit int) ([]PathCount, error) {
	if f.From.IsZero() || f.To.IsZero() || f.To.Sub(f.From) > pathsWithin {
		return nil, ErrBadFilter.With(fault.Field{Name: "from", Message: "paths are counted over 7 days at most: say from and to"})
	}
	var paths []PathCount
	err := m.own(ctx, id, func(tx *sqlx.Tx) (err error) {
		paths, err = selectPaths(ctx, tx, f, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("paths of customer %d: %w", id, err)
	}
	return paths, nil
}
