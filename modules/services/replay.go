package services

import (
	"context"
	"fmt"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/money"
	"suiftly/internal/pg"
)

// ErrBadMonth is a month that has not begun.
var ErrBadMonth = fault.New(fault.Invalid, "services.bad_month", "Usage of this month is not known.")

// Used sums what a customer used of a service in [from, to): billable requests, and bytes that cost.
type Used func(ctx context.Context, q pg.Q, id customer.ID, service string, from, to time.Time) (billable, bytes int64, err error)

// Replay is what a month would have cost with a configuration in force for all of it, at today's prices.
type Replay struct {
	From, To time.Time // a calendar month, UTC
	Settings Settings
	Plan     Price
	Usage    []UsageLine
	Total    money.Micros
	Current  money.Micros // the same month with the configuration that is saved now
}

// UsageLine is the cost of one kind of usage.
type UsageLine struct {
	Name      string       `json:"name" enum:"requests,bandwidth"`
	Label     string       `json:"label"`
	Quantity  int64        `json:"quantity" doc:"Billable requests, or bytes sent."`
	AmountUSD money.Micros `json:"amount_usd"`
}

// Replay prices the real usage of a month ("2026-10"; empty: the month before this one) with another configuration.
func (m *Module) Replay(ctx context.Context, id customer.ID, service string, in map[string]any, month string) (Replay, error) {
	now := m.kit.Now().UTC()
	from := time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC)
	if month != "" {
		var err error
		if from, err = time.Parse("2006-01", month); err != nil || from.After(now) {
			return Replay{}, ErrBadMonth.With(fault.Field{Name: "month", Message: "Give a month that has begun, for example 2026-10."})
		}
	}
	settings, plan, err := m.Quote(service, in)
	if err != nil {
		return Replay{}, err
	}
	current, err := m.Configuration(ctx, m.kit.DB, id, service)
	if err != nil {
		return Replay{}, err
	}
	r := Replay{From: from, To: from.AddDate(0, 1, 0), Settings: settings, Plan: plan}
	billable, bytes, err := m.Used(ctx, m.kit.DB, id, service, r.From, r.To)
	if err != nil {
		return Replay{}, fmt.Errorf("replay %s: %w", service, err)
	}
	unit := current.Service.unitPrice(0)
	if err := r.add("requests", "Requests", unit.Requests, billable); err != nil {
		return Replay{}, err
	}
	if err := r.add("bandwidth", "Bandwidth", unit.Bytes, bytes); err != nil {
		return Replay{}, err
	}
	usage, err := money.Sum(r.Usage[0].AmountUSD, r.Usage[1].AmountUSD)
	if err != nil {
		return Replay{}, err
	}
	if r.Total, err = usage.Add(plan.MonthlyUSD); err == nil {
		r.Current, err = usage.Add(current.Price.MonthlyUSD)
	}
	return r, err
}

func (r *Replay) add(name, label string, price money.Graduated, units int64) error {
	cost, _, err := price.Of(0, units, 0)
	r.Usage = append(r.Usage, UsageLine{Name: name, Label: label, Quantity: units, AmountUSD: cost})
	return err
}
