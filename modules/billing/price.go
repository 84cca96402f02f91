package billing

import (
	"errors"
	"fmt"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/money"
	"suiftly/modules/logs"
	"suiftly/modules/services"
)

// Why a customer is not billed. Their text is what an operator reads.
var (
	errFell     = errors.New("the metered total is below what was charged")
	errOverflow = errors.New("the amount is beyond what can be charged")
)

// hourKey names an hour of a customer's service.
type hourKey struct {
	customer customer.ID
	service  string
	hour     int64 // Unix seconds: time.Time is no map key
}

func keyOf(id customer.ID, service string, hour time.Time) hourKey {
	return hourKey{id, service, hour.Unix()}
}

// priceKey names an hour of a service: its price is everybody's.
type priceKey struct {
	service string
	hour    int64
}

func priceOf(service string, hour time.Time) priceKey { return priceKey{service, hour.Unix()} }

// metric is what was charged for an hour so far.
type metric struct {
	Service  string
	Period   time.Time
	Requests int64        `db:"total_requests"`
	Billable int64        `db:"billable"`
	Bytes    int64        `db:"total_bandwidth"`
	Amount   money.Micros `db:"amount_charged"`
	Revision int
}

// carryKey names a remainder: what it is a remainder of (item, per), and the month after which it is dropped.
type carryKey struct {
	customer customer.ID
	service  string
	month    string // 2006-01, UTC
	item     string
	per      int64
}

const (
	itemRequests  = "requests"
	itemBandwidth = "bandwidth"
)

// carries are remainders.
type carries map[carryKey]int64

// charge is the difference between what an hour's total costs and what was charged for it, and the hour's new record.
type charge struct {
	customer                  customer.ID
	requests, billable, bytes int64
	requestsCost, bytesCost   money.Micros
	amount                    money.Micros
	priceBook                 int64
	late                      time.Time // the month that takes it, when its hour's own is closed
	now                       metric
}

// price charges what each hour gained since it was charged last, at the price of that hour. It needs the hours of a customer
// in order, moves the remainders in carry, and leaves out hours that gained nothing. A total that fell is errFell unless
// that was approved for its customer; then the difference is given back. had is how many units each month had before, and moves
// along; it is asked for where a price is graduated.
func price(hours []logs.UsageHour, before map[hourKey]metric, prices map[priceKey]services.UnitPrice, had map[monthKey]units, carry carries, approved map[customer.ID]bool) ([]charge, error) {
	charges := make([]charge, 0, len(hours))
	for _, h := range hours {
		was, unit := before[keyOf(h.Customer, h.Service, h.Hour)], prices[priceOf(h.Service, h.Hour)]
		c := charge{
			customer: h.Customer,
			requests: h.Requests - was.Requests, billable: h.Billable - was.Billable, bytes: h.Bytes - was.Bytes,
			priceBook: unit.PriceBook,
			now: metric{Service: h.Service, Period: h.Hour, Requests: h.Requests, Billable: h.Billable, Bytes: h.Bytes,
				Revision: was.Revision + 1},
		}
		if c.requests == 0 && c.billable == 0 && c.bytes == 0 {
			continue
		}
		if (c.requests < 0 || c.billable < 0 || c.bytes < 0) && !approved[h.Customer] {
			return nil, fmt.Errorf("%s %s: %w: %d requests, %d billable, %d bytes against %d, %d, %d", h.Service,
				h.Hour.UTC().Format(hourFormat), errFell, h.Requests, h.Billable, h.Bytes, was.Requests, was.Billable, was.Bytes)
		}
		month := h.Hour.UTC().Format("2006-01")
		var from, to units
		var err error
		if from, to, err = c.count(was, unit, had); err == nil {
			c.requestsCost, err = carry.cost(unit.Requests, from.requests, to.requests, carryKey{h.Customer, h.Service, month, itemRequests, unit.Requests.Per})
		}
		if err == nil {
			c.bytesCost, err = carry.cost(unit.Bytes, from.bytes, to.bytes, carryKey{h.Customer, h.Service, month, itemBandwidth, unit.Bytes.Per})
		}
		if err == nil {
			c.amount, err = c.requestsCost.Add(c.bytesCost)
		}
		if err == nil {
			c.now.Amount, err = was.Amount.Add(c.amount)
		}
		if errors.Is(err, money.ErrOverflow) {
			err = errOverflow
		}
		if err != nil {
			return nil, fmt.Errorf("%s %s, %d requests and %d bytes: %w", h.Service, h.Hour.UTC().Format(hourFormat), c.billable, c.bytes, err)
		}
		charges = append(charges, c)
	}
	return charges, nil
}

// units are what a month's graduated prices count.
type units struct{ requests, bytes int64 }

// graduated reports whether a price depends on how many units the month had before.
func graduated(p services.UnitPrice) bool { return len(p.Requests.Steps) > 1 || len(p.Bytes.Steps) > 1 }

// count gives the month's units before and after the charge, and moves had on. A flat price costs the same wherever the
// way begins: there the hour's own units do.
func (c charge) count(was metric, p services.UnitPrice, had map[monthKey]units) (from, to units, err error) {
	key := monthKey{c.customer, c.now.Service, monthOf(c.now.Period).Unix()}
	from = units{was.Billable, was.Bytes}
	before, counted := had[key]
	if graduated(p) && counted {
		from = before
	}
	if to.requests, err = sum(from.requests, c.billable); err == nil {
		to.bytes, err = sum(from.bytes, c.bytes)
	}
	if err == nil && counted {
		had[key], err = before.plus(c)
	}
	return from, to, err
}

func (u units) plus(c charge) (after units, err error) {
	if after.requests, err = sum(u.requests, c.billable); err == nil {
		after.bytes, err = sum(u.bytes, c.bytes)
	}
	return after, err
}

func sum(a, b int64) (int64, error) {
	n, err := money.Micros(a).Add(money.Micros(b))
	return int64(n), err
}

// cost prices the way from one count of units to another, also back, and keeps the remainder under key. Over any sequence of
// ways the costs and the last remainder add up to the exact price of the whole.
func (c carries) cost(price money.Graduated, from, to int64, key carryKey) (money.Micros, error) {
	if from == to {
		return 0, nil
	}
	cost, left, err := price.Of(from, to, c[key])
	if err == nil {
		c.keep(key, left)
	}
	return cost, err
}

// keep leaves out a remainder that never was: prices that divide evenly write nothing.
func (c carries) keep(key carryKey, left int64) {
	if c[key] != left {
		c[key] = left
	}
}

// tooMuch reports whether an hour's amount is beyond the bound, given the customer's median hour of the days before and how
// many hours that median stands on.
func (s Safety) tooMuch(amount, median money.Micros, hours int64) bool {
	if s.Factor == 0 || amount <= s.FloorUSD || hours < s.MinHours {
		return false
	}
	bound, _, err := money.Rate{Micros: s.Factor, Per: 1}.Of(int64(median), 0)
	return err == nil && amount > bound
}
