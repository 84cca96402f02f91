package services

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEdgeLines(t *testing.T) {
	end := time.Date(2027, 1, 2, 3, 4, 5, 900_000_000, time.UTC)
	for name, c := range map[string]struct {
		change func(k *edgeKey)
		rate   rate
		want   string
	}{
		"a key that may": {func(*edgeKey) {}, rateOf(100, false), "ab 7:seal:k::110:110:0:any"},
		"a burst":        {func(*edgeKey) {}, rateOf(1000, true), "ab 7:seal:k::1100:2200:70000:any"},
		"an end":         {func(k *edgeKey) { k.ExpiresAt = &end }, rateOf(1, false), "ab 7:seal:k:1798859045:2:2:0:any"},
		"networks": {func(k *edgeKey) {
			k.Networks = Networks{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.8/30"), netip.MustParsePrefix("2001:db8::/32")}
		}, rateOf(10, false), "ab 7:seal:k::11:11:0:list|k/4/0A 1|k/4/C0000208 1|k/4/C0000209 1|k/4/C000020A 1|k/4/C000020B 1|k/6/20010DB8 1"},
		"an address":                 {func(k *edgeKey) { k.Networks = Networks{netip.MustParsePrefix("::1/128")} }, rateOf(10, false), "ab 7:seal:k::11:11:0:list|k/6/00000000000000000000000000000001 1"},
		"switched off":               {func(k *edgeKey) { k.Enabled = false }, rateOf(1, false), "refused/ab 7:seal:k:disabled"},
		"switched off and suspended": {func(k *edgeKey) { k.Enabled, k.SuspendedFor = false, []string{"nonpayment"} }, rateOf(1, false), "refused/ab 7:seal:k:disabled"},
		"unpaid":                     {func(k *edgeKey) { k.SuspendedFor = []string{"nonpayment"} }, rateOf(1, false), "refused/ab 7:seal:k:nonpayment"},
		"a limit":                    {func(k *edgeKey) { k.SuspendedFor = []string{"spending_limit"} }, rateOf(1, false), "refused/ab 7:seal:k:spending_limit"},
		"unpaid and a limit":         {func(k *edgeKey) { k.SuspendedFor = []string{"nonpayment", "spending_limit"} }, rateOf(1, false), "refused/ab 7:seal:k:nonpayment"},
		"all reasons":                {func(k *edgeKey) { k.SuspendedFor = []string{"nonpayment", "operator", "spending_limit"} }, rateOf(1, false), "refused/ab 7:seal:k:suspended"},
		"closed":                     {func(k *edgeKey) { k.SuspendedFor = []string{"closed", "nonpayment"} }, rateOf(1, false), ""},
	} {
		t.Run(name, func(t *testing.T) {
			k := edgeKey{SHA256: "ab", Customer: 7, Service: "seal", ID: "k", Enabled: true}
			c.change(&k)
			if got := strings.Join(k.lines(c.rate), "|"); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}

	t.Run("an address begins as one of a network's starts exactly when it is in the network", func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for range 20_000 {
			bytes := make([]byte, []int{4, 16}[rng.IntN(2)])
			for i := range bytes {
				bytes[i] = byte(rng.Uint32())
			}
			addr, _ := netip.AddrFromSlice(bytes)
			p := netip.PrefixFrom(addr, 1+rng.IntN(addr.BitLen())).Masked()
			near := slices.Clone(bytes)
			if bit := rng.IntN(len(near)*8 + 1); bit < len(near)*8 {
				near[bit/8] ^= 0x80 >> (bit % 8)
			}
			other, _ := netip.AddrFromSlice(near)
			family := map[int]string{4: "4/", 16: "6/"}[len(near)]
			text := family + strings.ToUpper(hex.EncodeToString(near))
			found := slices.ContainsFunc(starts(p), func(start string) bool { return strings.HasPrefix(text, start) })
			if found != p.Contains(other) {
				t.Fatal(fmt.Sprint(p, other, starts(p), found))
			}
		}
	})
}
