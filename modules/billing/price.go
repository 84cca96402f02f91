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
// that was approved for its customer; then the difference is given back.
func price(hours []logs.UsageHour, before map[hourKey]metric, prices map[priceKey]services.UnitPrice, carry carries, approved map[customer.ID]bool) ([]charge, error) {
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
		var err error
		if c.requestsCost, err = carry.cost(unit.Request, c.billable, carryKey{h.Customer, h.Service, month, itemRequests, unit.Request.Per}); err == nil {
			c.bytesCost, err = carry.cost(unit.Byte, c.bytes, carryKey{h.Customer, h.Service, month, itemBandwidth, unit.Byte.Per})
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

// cost prices units, negative ones too, and keeps the remainder under key. Over any sequence of units the costs and the
// last remainder add up to the exact price of their sum.
func (c carries) cost(rate money.Rate, units int64, key carryKey) (money.Micros, error) {
	if units == 0 {
		return 0, nil
	}
	if units < 0 {
		// floor((carry - x) / per) = -floor((x + per-1-carry) / per): the same division, seen from the other end.
		cost, left, err := rate.Of(-units, rate.Per-1-c[key])
		if err == nil {
			c.keep(key, rate.Per-1-left)
		}
		return -cost, err
	}
	cost, left, err := rate.Of(units, c[key])
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
