package services

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	"suiftly/internal/money"
)

// The dashboard shows a price before the server answers; its calculator is compared with ours through this file
// (ui/src/features/services/price.node.test.ts).
const goldenPrices = "../../ui/src/features/services/testdata/prices.json.gz"

type goldenFile struct {
	Types   []ServiceType `json:"types"`
	Configs [][]any       `json:"configs"` // type, config, monthly, lines of name, label, quantity and amount
}

// wild is a service that sells everything at odd prices and bounds.
func wild(r *rand.Rand, name string) ServiceType {
	price := func() money.Micros { return money.Micros(r.Int64N(1 << r.IntN(34))) }
	t := ServiceType{Name: name, Label: "Wild", Requests: []Step{{Per: perMillion}}, Bandwidth: []Step{{Per: perGiB}}}
	for i := range 1 + r.IntN(4) {
		t.Tiers = append(t.Tiers, ServiceTier{Name: fmt.Sprint("t", i), Label: fmt.Sprint("Tier ", i), MonthlyUSD: price(), GuaranteedRPS: 1})
	}
	bounds := func(most int64) *OptionCount {
		c := OptionCount{Unit: "thing", Min: r.Int64N(3), MonthlyUSD: price()}
		c.Max = c.Min + r.Int64N(most)
		c.Included = c.Min + r.Int64N(c.Max-c.Min+1)
		return &c
	}
	for i := range 8 {
		o := ServiceOption{Name: fmt.Sprint("o", i), Label: fmt.Sprint("Option ", i)}
		switch r.IntN(3) {
		case 0:
			o.Kind, o.MonthlyUSD = KindSwitch, price()
		case 1:
			o.Kind, o.Count = KindCount, bounds(100_000)
		default:
			o.Kind, o.Count, o.Each = KindCounts, bounds(6), bounds(1000)
		}
		if r.IntN(2) == 0 {
			o.RequiresTier = []string{t.Tiers[r.IntN(len(t.Tiers))].Name}
		}
		t.Options = append(t.Options, o)
	}
	return t
}

// some draws a configuration that Check accepts.
func (t ServiceType) some(r *rand.Rand) map[string]any {
	number := func(c *OptionCount) int64 { return c.Min + r.Int64N(c.Max-c.Min+1) }
	tier := t.Tiers[r.IntN(len(t.Tiers))].Name
	in := map[string]any{tierKey: tier}
	for _, o := range t.Options {
		if !o.allowed(tier) || r.IntN(5) == 0 {
			continue
		}
		switch o.Kind {
		case KindSwitch:
			in[o.Name] = r.IntN(2) == 0
		case KindCount:
			in[o.Name] = number(o.Count)
		default:
			list := make([]int64, min(number(o.Count), o.Count.Min+6)) // short lists keep the file small
			for i := range list {
				list[i] = number(o.Each)
			}
			in[o.Name] = list
		}
	}
	return in
}

func TestPriceGolden(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	var g goldenFile
	c, _ := DefaultConfig().read()
	g.Types = append(c.Types, wild(r, "wild"), wild(r, "wilder"))
	for i := range 10_000 {
		n := i % len(g.Types)
		s, fields := g.Types[n].Check(g.Types[n].some(r))
		if len(fields) > 0 {
			t.Fatal(fields)
		}
		p, err := g.Types[n].Price(s)
		if err != nil {
			t.Fatal(err)
		}
		lines := make([][]any, len(p.Lines))
		for j, l := range p.Lines {
			lines[j] = []any{l.Name, l.Label, l.Quantity, l.AmountUSD}
		}
		g.Configs = append(g.Configs, []any{n, s, p.MonthlyUSD, lines})
	}
	want, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE") != "" {
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if _, err := z.Write(want); err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(goldenPrices, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(goldenPrices)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s is not what the calculator says (%v): UPDATE=1 go test -run TestPriceGolden ./modules/services, then the dashboard's tests", goldenPrices, err)
	}
}
