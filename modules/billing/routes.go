package billing

import (
	"context"
	"math"
	"strconv"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/money"
	"suiftly/internal/web"
)

// Routes are under /api/v1/billing.
func (m *Module) Routes(r *web.Router) {
	web.Get(r, "/usage", "usage", web.Customer, "What you used and what it cost, by hour or day", m.getUsage)
	web.Get(r, "/runs", "runs", web.Operator, "Billing runs, newest first", m.getRuns)
	web.Get(r, "/parked", "parked", web.Operator, "Customers the last run could not bill", m.getParked)
	web.Post(r, "/parked/{customer_id}/resume", "resume", web.Operator, "Bill a customer in review with the next run", m.postResume, web.Status(204))
}

type usageInput struct {
	From time.Time `query:"from" required:"true" doc:"Widened to the beginning of its step, UTC."`
	To   time.Time `query:"to" required:"true" doc:"Not included; widened to the end of its step, UTC."`
	Step string    `query:"step" default:"hour" enum:"hour,day" doc:"hour: at most 31 days; day: at most 400 days."`
}

type usageSum struct {
	Requests int64        `json:"requests"`
	Billable int64        `json:"billable" doc:"The requests that cost: answered with a status from 200 to 399."`
	Bytes    int64        `json:"bytes" doc:"Sent, of requests that reached a backend."`
	Amount   money.Micros `json:"amount_usd" doc:"What was charged: usage and plans."`
	Plan     money.Micros `json:"plan_usd" doc:"What of it was plan fees."`
}

type usageService struct {
	Service  string       `json:"service"`
	Requests int64        `json:"requests"`
	Billable int64        `json:"billable"`
	Bytes    int64        `json:"bytes"`
	Amount   money.Micros `json:"amount_usd"`
	Plan     money.Micros `json:"plan_usd"`
}

type usageBucket struct {
	Start    time.Time    `json:"start" doc:"First instant of the hour or UTC day."`
	Service  string       `json:"service"`
	Requests int64        `json:"requests"`
	Billable int64        `json:"billable"`
	Bytes    int64        `json:"bytes"`
	Amount   money.Micros `json:"amount_usd"`
	Plan     money.Micros `json:"plan_usd"`
}

type usageAnswer struct {
	From     time.Time      `json:"from"`
	To       time.Time      `json:"to"`
	Step     string         `json:"step" enum:"hour,day"`
	Through  *time.Time     `json:"billed_through" doc:"What was metered before this time is charged. Null: nothing is yet."`
	Total    usageSum       `json:"total"`
	Services []usageService `json:"services" doc:"Over the whole range."`
	Buckets  []usageBucket  `json:"buckets" doc:"By start, then service; a step without usage has none."`
}

type usageOutput struct{ Body usageAnswer }

func (m *Module) getUsage(ctx context.Context, in *usageInput) (*usageOutput, error) {
	u, err := m.Usage(ctx, customer.From(ctx), in.From, in.To, in.Step)
	if err != nil {
		return nil, err
	}
	out := usageAnswer{From: u.From, To: u.To, Step: in.Step, Total: usageSum(u.Total), Services: []usageService{}, Buckets: []usageBucket{}}
	if !u.Through.IsZero() {
		out.Through = &u.Through
	}
	for _, s := range u.Services {
		out.Services = append(out.Services, usageService{s.Service, s.Requests, s.Billable, s.Bytes, s.Amount, s.Plan})
	}
	for _, b := range u.Buckets {
		out.Buckets = append(out.Buckets, usageBucket{b.Start, b.Service, b.Requests, b.Billable, b.Bytes, b.Amount, b.Plan})
	}
	return &usageOutput{out}, nil
}

type pageInput struct {
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Cursor string `query:"cursor" maxLength:"20" doc:"next_cursor of the page before."`
}

var errCursor = fault.New(fault.Invalid, "billing.bad_cursor", "This page does not exist. Start again without a cursor.").
	With(fault.Field{Name: "cursor", Message: "is not a next_cursor of this list"})

type billingRun struct {
	ID        int64        `json:"run_id"`
	At        time.Time    `json:"at" doc:"The time the run stands for: hours that began before it were billed."`
	Replica   string       `json:"replica"`
	StartedAt time.Time    `json:"started_at"`
	Finished  *time.Time   `json:"finished_at"`
	State     string       `json:"state" enum:"running,done,partial,failed,abandoned" doc:"partial: somebody was parked; failed: it broke off; abandoned: its replica died."`
	Customers int64        `json:"customers" doc:"Billed."`
	Parked    int64        `json:"parked" doc:"Left out."`
	Hours     int64        `json:"hours" doc:"Hours of a customer's service that are billed now."`
	Charges   int64        `json:"charges" doc:"Of usage."`
	Fees      int64        `json:"fees" doc:"Of plans."`
	Amount    money.Micros `json:"amount_usd"`
	Error     string       `json:"error"`
}

type billingRuns struct {
	Runs       []billingRun `json:"runs"`
	NextCursor string       `json:"next_cursor" doc:"Hand it in as cursor for the next page; empty on the last."`
}

type runsOutput struct{ Body billingRuns }

func (m *Module) getRuns(ctx context.Context, in *pageInput) (*runsOutput, error) {
	before := int64(math.MaxInt64)
	if in.Cursor != "" {
		n, err := strconv.ParseInt(in.Cursor, 36, 64)
		if err != nil || n < 1 {
			return nil, errCursor
		}
		before = n
	}
	page, err := listRuns(ctx, m.kit.DB, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := billingRuns{Runs: []billingRun{}}
	if len(page) > in.Limit {
		page = page[:in.Limit]
		out.NextCursor = strconv.FormatInt(page[in.Limit-1].ID, 36)
	}
	for _, r := range page {
		out.Runs = append(out.Runs, billingRun{r.ID, r.At, r.Replica, r.StartedAt, r.Finished, r.State, r.Customers, r.Parked,
			r.Hours, r.Charges, r.Fees, r.Amount, r.Error})
	}
	return &runsOutput{out}, nil
}

type parkedCustomer struct {
	Customer   customer.ID `json:"customer_id"`
	Reason     string      `json:"reason" enum:"no_price,overflow,failed,total_fell,too_much"`
	Detail     string      `json:"detail"`
	Review     bool        `json:"review" doc:"Waits for a resume. Otherwise every run tries again."`
	Since      time.Time   `json:"since"`
	Tries      int         `json:"tries"`
	RunID      int64       `json:"run_id" doc:"The last run that tried."`
	ApprovedAt *time.Time  `json:"approved_at" doc:"Resumed: the next run bills."`
}

type parkedList struct {
	Parked []parkedCustomer `json:"parked"`
}

type parkedOutput struct{ Body parkedList }

func (m *Module) getParked(ctx context.Context, _ *struct{}) (*parkedOutput, error) {
	rows, err := m.Parked(ctx)
	if err != nil {
		return nil, err
	}
	out := parkedList{Parked: []parkedCustomer{}}
	for _, p := range rows {
		out.Parked = append(out.Parked, parkedCustomer(p))
	}
	return &parkedOutput{out}, nil
}

type resumeInput struct {
	Customer customer.ID `path:"customer_id"`
}

func (m *Module) postResume(ctx context.Context, in *resumeInput) (*struct{}, error) {
	return nil, m.Resume(ctx, in.Customer)
}
