package services

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// keys.map tells HAProxy everything, so that it changes in one step. Its lines:
//
//	<sha256 of a key> <customer>:<service>:<key id>:<expires>:<second>:<peak>:<minute>:<from>
//	<key id>/<4|6>/<hex> 1
//	refused/<sha256 of a key> <customer>:<service>:<key id>:<reason>
//
// A key that may pass has a line of the first kind: until expires (Unix seconds, empty for ever), at the rate, from "any" place
// or from the networks of its lines of the second kind, in which hex is how the addresses of a network begin. A key whose
// service is off or suspended has a line of the third kind only, which grants nothing and says why.

// rate is what a customer's service may have in one HAProxy.
type rate struct {
	second int64 // requests in any second that are always served
	peak   int64 // and those that may be, while the last minute had fewer than minute
	minute int64
}

// A burst doubles the rate, for at least ten seconds of any minute; longer when the service was idle before.
const (
	burstTimes   = 2
	burstSeconds = 10
)

// rateOf gives a tenth more than what is guaranteed: requests that come evenly at the guaranteed rate do not come evenly to a
// millisecond, and none of them may be refused.
func rateOf(guaranteed int64, burst bool) rate {
	r := rate{second: roomy(guaranteed)}
	r.peak = r.second
	if burst {
		r.peak, r.minute = roomy(burstTimes*guaranteed), guaranteed*(60+(burstTimes-1)*burstSeconds)
	}
	return r
}

func roomy(n int64) int64 { return n + (n+9)/10 }

// guaranteed is the rate of a tier. One that the catalog lost gets the first: its customers have not changed their plan.
func (c Catalog) guaranteed(service, tier string) int64 {
	t, err := c.Type(service)
	if err != nil {
		return 0
	}
	if found, ok := t.tier(tier); ok {
		return found.GuaranteedRPS
	}
	return t.Tiers[0].GuaranteedRPS
}

// The reasons of refused lines, as deploy/haproxy.cfg has an answer for each.
const (
	refusedDisabled  = "disabled"
	refusedSuspended = "suspended"
	refusedUnpaid    = "nonpayment"
	refusedLimit     = "spending_limit"
)

// refusal says why a key may not pass; empty: it may. What the customer cannot end alone comes first.
func (k edgeKey) refusal() string {
	if !k.Enabled {
		return refusedDisabled
	}
	why := ""
	for _, reason := range k.SuspendedFor {
		switch {
		case reason == refusedLimit && why == "", reason == refusedUnpaid && why != refusedSuspended:
			why = reason
		case reason != refusedLimit && reason != refusedUnpaid:
			why = refusedSuspended
		}
	}
	return why
}

// lines gives what keys.map says of a key.
func (k edgeKey) lines(r rate) []string {
	whose := fmt.Sprintf("%d:%s:%s", k.Customer, k.Service, k.ID)
	if slices.Contains(k.SuspendedFor, closedReason) {
		return nil // as if it had never been
	}
	if why := k.refusal(); why != "" {
		return []string{"refused/" + k.SHA256 + " " + whose + ":" + why}
	}
	expires, from := "", "any"
	if k.ExpiresAt != nil {
		expires = strconv.FormatInt(k.ExpiresAt.Unix(), 10)
	}
	if len(k.Networks) > 0 {
		from = "list"
	}
	lines := []string{fmt.Sprintf("%s %s:%s:%d:%d:%d:%s", k.SHA256, whose, expires, r.second, r.peak, r.minute, from)}
	for _, network := range k.Networks {
		for _, start := range starts(network) {
			lines = append(lines, k.ID+"/"+start+" 1")
		}
	}
	return lines
}

// starts gives how the addresses of a network begin, as HAProxy's hex converter writes them: one beginning where its length
// is whole hex digits, at most eight otherwise.
func starts(p netip.Prefix) []string {
	family := "4/"
	if p.Addr().Is6() {
		family = "6/"
	}
	text := strings.ToUpper(hex.EncodeToString(p.Masked().Addr().AsSlice()))
	whole, rest := p.Bits()/4, p.Bits()%4
	if rest == 0 {
		return []string{family + text[:whole]}
	}
	first, _ := strconv.ParseUint(text[whole:whole+1], 16, 4)
	all := make([]string, 1<<(4-rest))
	for i := range all {
		all[i] = fmt.Sprintf("%s%s%X", family, text[:whole], int(first)+i)
	}
	return all
}
