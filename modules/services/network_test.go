package services

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestNetworks(t *testing.T) {
	for in, want := range map[string]string{
		"":                                    "[]",
		"203.0.113.7":                         "[203.0.113.7/32]",
		" 203.0.113.77/24 ":                   "[203.0.113.0/24]",
		"2001:DB8:0:0::1":                     "[2001:db8::1/128]",
		"2001:db8::5/32":                      "[2001:db8::/32]",
		"::ffff:192.0.2.9":                    "[192.0.2.9/32]",
		"::ffff:192.0.2.9/120":                "[192.0.2.0/24]",
		"10.1.2.3,10.0.0.0/8,10.1.0.0/16":     "[10.0.0.0/8]",
		"192.0.2.1,2001:db8::/32,10.0.0.0/8":  "[10.0.0.0/8 192.0.2.1/32 2001:db8::/32]",
		"198.51.100.0/25,198.51.100.128/25":   "[198.51.100.0/25 198.51.100.128/25]",
		"192.0.2.1,192.0.2.1/32,192.0.2.1/31": "[192.0.2.0/31]",
	} {
		t.Run(in+" is kept as "+want, func(t *testing.T) {
			var list []string
			if in != "" {
				list = strings.Split(in, ",")
			}
			got, fields := networks(list)
			if len(fields) > 0 || fmt.Sprint(got) != want {
				t.Fatalf("got %v %v", got, fields)
			}
			again, fields := networks(texts(got))
			if len(fields) > 0 || !slices.Equal(again, got) {
				t.Fatalf("canonical is not canonical: %v %v", again, fields)
			}
		})
	}
	for _, in := range []string{"", "example.com", "10.0.0.0/33", "10.0.0.256", "0.0.0.0/0", "::/0", "fe80::1%eth0", "::ffff:10.0.0.0/90", "10.0.0.0/-1", "10.0.0.0/8/8", "１０.0.0.1"} {
		t.Run(fmt.Sprintf("%q is refused by its place", in), func(t *testing.T) {
			if got, fields := networks([]string{"192.0.2.1", in}); got != nil || len(fields) != 1 || fields[0].Name != "networks[1]" {
				t.Fatalf("got %v %v", got, fields)
			}
		})
	}
	t.Run("a list is bounded", func(t *testing.T) {
		if got, fields := networks(slices.Repeat([]string{"192.0.2.1"}, maxNetworks+1)); got != nil || len(fields) != 1 || fields[0].Name != "networks" {
			t.Fatalf("got %v %v", got, fields)
		}
	})
	t.Run("who is excluded is told so", func(t *testing.T) {
		list, _ := networks([]string{"10.0.0.0/8", "2001:db8::/32"})
		for addr, want := range map[string]bool{"10.2.3.4": true, "::ffff:10.2.3.4": true, "11.0.0.1": false, "2001:db8::9": true, "2001:db9::9": false} {
			a := netip.MustParseAddr(addr)
			if allows(list, a) != want || (excluded(list, a) == "") != want {
				t.Errorf("%s: %v, %q", addr, allows(list, a), excluded(list, a))
			}
		}
		if !allows(nil, netip.MustParseAddr("11.0.0.1")) || excluded(list, netip.Addr{}) != "" {
			t.Error("an empty list refuses, or nobody is warned of")
		}
	})
}

func FuzzNetworks(f *testing.F) {
	f.Add("10.1.2.3/8", "::ffff:1.2.3.4/97")
	f.Fuzz(func(t *testing.T, a, b string) {
		list, fields := networks([]string{a, b})
		if (len(list) == 0) != (len(fields) > 0) {
			t.Fatalf("%q %q: %v %v", a, b, list, fields)
		}
		for _, p := range list {
			if p != p.Masked() || !allows(list, p.Addr()) {
				t.Fatalf("%v is not canonical", p)
			}
		}
	})
}
