package demo

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"suiftly/internal/money"
)

// Numbers are what a customer sees: requests that are stored, and what was charged for them.
type Numbers struct {
	Stored   int64
	Billable int64
	Charged  money.Micros
}

// Numbers asks for the customer's requests and charges since from.
func (c *Customer) Numbers(ctx context.Context, from time.Time) (Numbers, error) {
	between := url.Values{"from": {from.UTC().Format(time.RFC3339)}, "to": {time.Now().UTC().Add(time.Hour).Format(time.RFC3339)}, "step": {"hour"}}.Encode()
	var stats struct {
		Services []struct {
			Buckets []struct {
				Requests int64 `json:"requests"`
			} `json:"buckets"`
		} `json:"services"`
	}
	if err := c.Call(ctx, http.MethodGet, "/api/v1/logs/stats?"+between, nil, &stats); err != nil {
		return Numbers{}, err
	}
	var usage struct {
		Total struct {
			Billable int64        `json:"billable"`
			Amount   money.Micros `json:"amount_usd"`
		} `json:"total"`
	}
	if err := c.Call(ctx, http.MethodGet, "/api/v1/billing/usage?"+between, nil, &usage); err != nil {
		return Numbers{}, err
	}
	n := Numbers{Billable: usage.Total.Billable, Charged: usage.Total.Amount}
	for _, s := range stats.Services {
		for _, b := range s.Buckets {
			n.Stored += b.Requests
		}
	}
	return n, nil
}

// Count adds up the numbers of all.
func Count(ctx context.Context, people []*Customer, from time.Time) (all Numbers, err error) {
	for _, c := range people {
		n, err := c.Numbers(ctx, from)
		if err != nil {
			return Numbers{}, err
		}
		all.Stored += n.Stored
		all.Billable += n.Billable
		if all.Charged, err = money.Sum(all.Charged, n.Charged); err != nil {
			return Numbers{}, err
		}
	}
	return all, nil
}
