package logs

import (
	"context"
	"time"

	"suiftly/internal/customer"
)

type requestQuery struct {
	FilterQuery
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Requests on a page."`
	Cursor string `query:"cursor" maxLength:"64" doc:"next_cursor of the page before."`
}

type requestPage struct {
	Requests   []LoggedRequest `json:"requests" nullable:"false"`
	NextCursor string          `json:"next_cursor" doc:"Asks for the next page; empty on the last one."`
}

type requestPageOut struct{ Body requestPage }

func (m *Module) list(ctx context.Context, in *requestQuery) (*requestPageOut, error) {
	f, err := in.parse()
	if err != nil {
		return nil, err
	}
	requests, next, err := m.Requests(ctx, customer.From(ctx), f, in.Cursor, in.Limit)
	return &requestPageOut{requestPage{requests, next}}, err
}

type requestHistogram struct {
	StepS    int64      `json:"step_s" doc:"Width of a bucket, in seconds."`
	KeptFrom time.Time  `json:"kept_from" doc:"Requests before this are not kept."`
	Total    Outcomes   `json:"total" doc:"The sum of the buckets: of every request that the filter lists."`
	Buckets  []Outcomes `json:"buckets" nullable:"false" doc:"Every bucket that the time touches, oldest first."`
}

type requestHistogramOut struct{ Body requestHistogram }

func (m *Module) histogram(ctx context.Context, in *FilterQuery) (*requestHistogramOut, error) {
	f, err := in.parse()
	if err != nil {
		return nil, err
	}
	h, err := m.Histogram(ctx, customer.From(ctx), f)
	return &requestHistogramOut{requestHistogram{int64(h.Step / time.Second), m.keepFrom(m.kit.Now()), h.Total, h.Buckets}}, err
}

type pathQuery struct {
	FilterQuery
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"10"`
}

type pathList struct {
	Paths []PathCount `json:"paths" nullable:"false" doc:"Most requests first."`
}

type pathListOut struct{ Body pathList }

func (m *Module) paths(ctx context.Context, in *pathQuery) (*pathListOut, error) {
	f, err := in.parse()
	if err != nil {
		return nil, err
	}
	paths, err := m.Paths(ctx, customer.From(ctx), f, in.Limit)
	return &pathListOut{pathList{paths}}, err
}

type statsQuery struct {
	From time.Time `query:"from" required:"true" doc:"First moment shown."`
	To   time.Time `query:"to" required:"true" doc:"Moment after the last one shown."`
	Step string    `query:"step" enum:"minute,hour" default:"hour" doc:"Width of a bucket."`
}

type requestStats struct {
	From            time.Time             `json:"from" doc:"Start of the first bucket."`
	To              time.Time             `json:"to" doc:"End of the last bucket."`
	Step            string                `json:"step" enum:"minute,hour"`
	LatencyBoundsMs []int64               `json:"latency_bounds_ms" nullable:"false" doc:"Upper bounds of latency in every bucket."`
	Services        []serviceRequestStats `json:"services" nullable:"false" doc:"Those with a request in this time."`
}

type serviceRequestStats struct {
	Service string          `json:"service"`
	Buckets []RequestBucket `json:"buckets" nullable:"false" doc:"Every bucket from from to to, oldest first; zeros where nothing happened."`
}

type requestStatsOut struct{ Body requestStats }

func (m *Module) stats(ctx context.Context, in *statsQuery) (*requestStatsOut, error) {
	step, err := stepOf(in.Step, in.From, in.To)
	if err != nil {
		return nil, err
	}
	stats, err := m.Stats(ctx, customer.From(ctx), in.From, in.To, step)
	if err != nil {
		return nil, err
	}
	out := &requestStatsOut{requestStats{Step: step.Name, LatencyBoundsMs: latencyBounds, Services: make([]serviceRequestStats, len(stats))}}
	out.Body.From, out.Body.To = widened(in.From, in.To, step)
	for i, s := range stats {
		out.Body.Services[i] = serviceRequestStats(s)
	}
	return out, nil
}
