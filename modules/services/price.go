package services

import (
	"fmt"

	"suiftly/internal/money"
)

// Price is what a configuration costs a month, line by line.
type Price struct {
	MonthlyUSD money.Micros `json:"monthly_usd" doc:"Sum of the lines: the plan fee of a full month."`
	Lines      []PriceLine  `json:"lines"`
}

// PriceLine is one reason for a price.
type PriceLine struct {
	Name      string       `json:"name" doc:"The field of the configuration it comes from; for entries of a list, field.unit."`
	Label     string       `json:"label"`
	Quantity  int64        `json:"quantity"`
	UnitUSD   money.Micros `json:"unit_usd"`
	AmountUSD money.Micros `json:"amount_usd" doc:"quantity x unit_usd"`
}

// Price is the calculator: quote, saved configuration and invoice all come from it. s must have passed Check.
func (t ServiceType) Price(s Settings) (Price, error) {
	var p Price
	var err error
	add := func(name, label string, quantity int64, unit money.Micros) {
		if quantity <= 0 || err != nil {
			return
		}
		line := PriceLine{Name: name, Label: label, Quantity: quantity, UnitUSD: unit}
		if line.AmountUSD, _, err = (money.Rate{Micros: int64(unit), Per: 1}).Of(quantity, 0); err != nil {
			return
		}
		p.MonthlyUSD, err = p.MonthlyUSD.Add(line.AmountUSD)
		p.Lines = append(p.Lines, line)
	}
	tier, ok := t.tier(s[tierKey])
	if !ok {
		return Price{}, fmt.Errorf("price %s: tier %v is not in the catalog", t.Name, s[tierKey])
	}
	add(tierKey, tier.Label+" plan", 1, tier.MonthlyUSD)
	for _, o := range t.Options {
		switch o.Kind {
		case KindSwitch:
			if on, _ := s[o.Name].(bool); on {
				add(o.Name, o.Label, 1, o.MonthlyUSD)
			}
		case KindCount:
			n, _ := whole(s[o.Name])
			add(o.Name, "Extra "+o.Count.Unit, n-o.Count.Included, o.Count.MonthlyUSD)
		case KindCounts:
			entries, _ := items(s[o.Name])
			add(o.Name, "Extra "+o.Count.Unit, int64(len(entries))-o.Count.Included, o.Count.MonthlyUSD)
			var extra int64
			for _, entry := range entries {
				n, _ := whole(entry)
				extra += max(0, n-o.Each.Included)
			}
			add(o.Name+"."+o.Each.Unit, "Extra "+o.Each.Unit, extra, o.Each.MonthlyUSD)
		}
	}
	if err != nil {
		return Price{}, fmt.Errorf("price %s: %w", t.Name, err)
	}
	return p, nil
}

// UnitPrice is what requests and bytes sent cost, in one version of the price book.
type UnitPrice struct {
	PriceBook int64 // the version's id, named by every charge
	// By how many the customer's service had in the month. Per is the same in every version (a million requests, a GiB), so
	// that a remainder carried over a change of price still means the same.
	Requests money.Graduated
	Bytes    money.Graduated
	// The first steps.
	Request money.Rate
	Byte    money.Rate
}

func (t ServiceType) unitPrice(book int64) UnitPrice {
	rate := func(s Step) money.Rate { return money.Rate{Micros: int64(s.USD), Per: s.Per} }
	return UnitPrice{
		PriceBook: book, Requests: graduated(t.Requests), Bytes: graduated(t.Bandwidth),
		Request: rate(t.Requests[0]), Byte: rate(t.Bandwidth[0]),
	}
}

func graduated(steps []Step) money.Graduated {
	g := money.Graduated{Per: steps[0].Per}
	for _, s := range steps {
		g.Steps = append(g.Steps, money.GraduatedStep{UpTo: s.UpTo, Micros: int64(s.USD)})
	}
	return g
}
