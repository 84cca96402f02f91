package services

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"suiftly/internal/fault"
)

// maxNetworks bounds a key's allow-list: HAProxy walks it for each request.
const maxNetworks = 50

// networks reads an allow-list: addresses and CIDR networks of IPv4 and IPv6. What comes back is canonical: host bits
// cleared, an IPv4 address in IPv6 clothes undressed, sorted, without those that another covers.
func networks(in []string) ([]netip.Prefix, []fault.Field) {
	var fields []fault.Field
	bad := func(i int, message string) {
		if len(fields) < maxFields {
			fields = append(fields, fault.Field{Name: fmt.Sprintf("networks[%d]", i), Message: message})
		}
	}
	if len(in) > maxNetworks {
		return nil, []fault.Field{{Name: "networks", Message: fmt.Sprintf("Give at most %d networks.", maxNetworks)}}
	}
	var all []netip.Prefix
	for i, text := range in {
		p, ok := network(strings.TrimSpace(text))
		switch {
		case !ok:
			bad(i, "Give an address or a network, for example 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32.")
		case p.Bits() == 0:
			bad(i, "This is every address. To allow all, leave the list empty.")
		default:
			all = append(all, p)
		}
	}
	if len(fields) > 0 {
		return nil, fields
	}
	slices.SortFunc(all, netip.Prefix.Compare) // a network stands before those inside it
	kept := all[:0]
	for _, p := range all {
		if len(kept) == 0 || !kept[len(kept)-1].Contains(p.Addr()) {
			kept = append(kept, p)
		}
	}
	return kept, nil
}

func network(text string) (netip.Prefix, bool) {
	if addr, err := netip.ParseAddr(text); err == nil {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), addr.Zone() == ""
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	if addr := p.Addr(); addr.Is4In6() {
		if p.Bits() < 96 { // neither an IPv4 network nor one of IPv6 alone
			return netip.Prefix{}, false
		}
		p = netip.PrefixFrom(addr.Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}

// allows reports whether an address may use a key with this allow-list.
func allows(list []netip.Prefix, addr netip.Addr) bool {
	addr = addr.Unmap()
	return len(list) == 0 || slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// excluded is the warning that an allow-list refuses the address that asks; empty when it does not.
func excluded(list []netip.Prefix, addr netip.Addr) string {
	if !addr.IsValid() || allows(list, addr) {
		return ""
	}
	return fmt.Sprintf("Your own address, %s, is not in this list: requests with this key from where you are now are refused.", addr.Unmap())
}
