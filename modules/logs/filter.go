package logs

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lib/pq"

	"suiftly/internal/fault"
)

// ErrBadFilter names each condition that cannot be asked.
var ErrBadFilter = fault.New(fault.Invalid, "logs.bad_filter", "This filter cannot be used as it is.")

// FilterQuery is a Filter as an address carries it. Exported because huma looks into no other embedded struct.
type FilterQuery struct {
	From         time.Time `query:"from" doc:"First moment; RFC 3339."`
	To           time.Time `query:"to" doc:"Moment after the last one; RFC 3339."`
	Service      []string  `query:"service" doc:"Only these services, separated by commas."`
	Status       []string  `query:"status" doc:"Only these: codes such as 429, classes such as 5xx, none where the client left before an answer."`
	Method       []string  `query:"method" doc:"Only these methods."`
	Path         string    `query:"path" maxLength:"2048" doc:"Paths that begin with this."`
	Contains     string    `query:"q" maxLength:"256" doc:"Paths that have this in them."`
	LatencyMinMs int64     `query:"latency_min_ms" minimum:"0" maximum:"2147483647" doc:"Requests that took as long as this or longer."`
	LatencyMaxMs int64     `query:"latency_max_ms" minimum:"-1" maximum:"2147483647" default:"-1" doc:"Requests that took no longer; -1 is any."`
	BytesMin     int64     `query:"bytes_min" minimum:"0" doc:"Answers as large as this or larger."`
	BytesMax     int64     `query:"bytes_max" minimum:"-1" default:"-1" doc:"Answers no larger; -1 is any."`
	ClientIP     string    `query:"client_ip" maxLength:"64" doc:"An address, or a range such as 10.1.0.0/16."`
	RequestID    string    `query:"request_id" maxLength:"64" doc:"One request."`
	KeyID        string    `query:"key_id" maxLength:"64" doc:"Requests that came with this API key."`
	Billable     string    `query:"billable" enum:"true,false" doc:"Requests that cost, or those that do not."`
}

// Filter says which requests are meant. The zero Filter is all of them. Only ParseFilter and tests make one.
type Filter struct {
	From, To       time.Time // [from, to); zero is open
	Services       []string
	Statuses       []statusRange
	Methods        []string
	PathPrefix     string
	PathContains   string
	LatencyMin     int64
	LatencyMax     int64 // -1 is any
	BytesMin       int64
	BytesMax       int64 // -1 is any
	Client         netip.Prefix
	RequestID      [16]byte
	oneRequest     bool
	KeyID          string
	Billable       bool
	billableOrFree bool // whether Billable counts
}

// statusRange is both ends included.
type statusRange struct{ from, to int64 }

// mostChoices bounds each list of a filter.
const mostChoices = 20

// parse reads a filter and names every field that is wrong.
func (q FilterQuery) parse() (Filter, error) {
	f := Filter{
		From: q.From.UTC(), To: q.To.UTC(), Services: q.Service, PathPrefix: q.Path, PathContains: q.Contains, KeyID: q.KeyID,
		LatencyMin: q.LatencyMinMs, LatencyMax: q.LatencyMaxMs, BytesMin: q.BytesMin, BytesMax: q.BytesMax,
		Billable: q.Billable == "true", billableOrFree: q.Billable != "",
	}
	var wrong []fault.Field
	bad := func(name, format string, args ...any) {
		wrong = append(wrong, fault.Field{Name: name, Message: fmt.Sprintf(format, args...)})
	}
	for name, at := range map[string]time.Time{"from": f.From, "to": f.To} {
		if y := at.Year(); !at.IsZero() && (y < 2000 || y >= 2100) {
			bad(name, "is not a time we have logs of")
		}
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		bad("to", "must be after from")
	}
	for name, list := range map[string][]string{"service": q.Service, "status": q.Status, "method": q.Method} {
		if len(list) > mostChoices {
			bad(name, "names more than %d", mostChoices)
		}
	}
	for name, texts := range map[string][]string{"service": q.Service, "method": q.Method, "path": {q.Path}, "q": {q.Contains}, "key_id": {q.KeyID}} {
		if slices.ContainsFunc(texts, unstorable) {
			bad(name, "is not text that a log can hold")
		}
	}
	for _, s := range q.Status {
		r, ok := statusesOf(s)
		if !ok {
			bad("status", "%q is not a code such as 429, a class such as 5xx, or none", s)
		}
		f.Statuses = append(f.Statuses, r)
	}
	for _, m := range q.Method {
		f.Methods = append(f.Methods, strings.ToUpper(m))
	}
	if f.LatencyMax >= 0 && f.LatencyMax < f.LatencyMin {
		bad("latency_max_ms", "is below latency_min_ms")
	}
	if f.BytesMax >= 0 && f.BytesMax < f.BytesMin {
		bad("bytes_max", "is below bytes_min")
	}
	if q.ClientIP != "" {
		var ok bool
		if f.Client, ok = rangeOf(q.ClientIP); !ok {
			bad("client_ip", "is neither an address nor a range such as 10.1.0.0/16")
		}
	}
	if q.RequestID != "" {
		if f.oneRequest = uuid([]byte(strings.ToLower(q.RequestID)), &f.RequestID); !f.oneRequest {
			bad("request_id", "is not the id of a request, such as 4d2c0e0a-93a1-4c5e-9a0e-0d3f8a6b1c22")
		}
	}
	if len(wrong) > 0 {
		slices.SortFunc(wrong, func(a, b fault.Field) int { return strings.Compare(a.Name, b.Name) })
		return Filter{}, ErrBadFilter.With(wrong...)
	}
	return f, nil
}

// unstorable is text that Postgres refuses.
func unstorable(s string) bool { return !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 }

func statusesOf(s string) (statusRange, bool) {
	switch {
	case s == "none":
		return statusRange{-1, -1}, true
	case len(s) == 3 && s[0] >= '1' && s[0] <= '9' && s[1:] == "xx":
		class := int64(s[0]-'0') * 100
		return statusRange{class, class + 99}, true
	}
	code, err := strconv.ParseInt(s, 10, 64)
	return statusRange{code, code}, err == nil && code >= 100 && code <= 999
}

func rangeOf(s string) (netip.Prefix, bool) {
	if ip, err := netip.ParseAddr(s); err == nil {
		ip = ip.Unmap()
		return netip.PrefixFrom(ip, ip.BitLen()), ip.Zone() == ""
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err == nil
}

// conditions are what a query's where clause says, in parameters only.
type conditions struct {
	text strings.Builder
	args []any
}

// add puts another condition after those that are there; each ? stands for the next of args.
func (c *conditions) add(condition string, args ...any) {
	if c.text.Len() > 0 {
		c.text.WriteString("\nand ")
	}
	for _, piece := range strings.SplitAfter(condition, "?") {
		text, has := strings.CutSuffix(piece, "?")
		c.text.WriteString(text)
		if has {
			c.args = append(c.args, args[0])
			args = args[1:]
			fmt.Fprintf(&c.text, "$%d", len(c.args))
		}
	}
}

// sql writes the filter as conditions on logs.own_requests. Whose rows they are is not among them: the view knows.
func (f Filter) sql() *conditions {
	c := &conditions{}
	c.add("true")
	if !f.From.IsZero() {
		c.add("timestamp >= ?", f.From)
	}
	if !f.To.IsZero() {
		c.add("timestamp < ?", f.To)
	}
	if len(f.Services) > 0 {
		c.add("service = any(?)", pq.Array(f.Services))
	}
	if len(f.Statuses) > 0 {
		from, to := make([]int64, len(f.Statuses)), make([]int64, len(f.Statuses))
		for i, r := range f.Statuses {
			from[i], to[i] = r.from, r.to
		}
		c.add("exists (select from unnest(?::int[], ?::int[]) as s (low, high) where status between s.low and s.high)", pq.Array(from), pq.Array(to))
	}
	if len(f.Methods) > 0 {
		c.add("method = any(?)", pq.Array(f.Methods))
	}
	if f.PathPrefix != "" {
		c.add("starts_with(path, ?)", f.PathPrefix)
	}
	if f.PathContains != "" {
		c.add("strpos(path, ?) > 0", f.PathContains)
	}
	if f.LatencyMin > 0 {
		c.add("duration_ms >= ?", f.LatencyMin)
	}
	if f.LatencyMax >= 0 {
		c.add("duration_ms between 0 and ?", f.LatencyMax)
	}
	if f.BytesMin > 0 {
		c.add("bytes_sent >= ?", f.BytesMin)
	}
	if f.BytesMax >= 0 {
		c.add("bytes_sent <= ?", f.BytesMax)
	}
	if f.Client.IsValid() {
		c.add("client_ip <<= ?::inet", f.Client.String())
	}
	if f.oneRequest {
		c.add("rid = ?::uuid", string(appendUUID(nil, f.RequestID)))
	}
	if f.KeyID != "" {
		c.add("key_id = ?", f.KeyID)
	}
	if f.billableOrFree {
		c.add("billable = ?", f.Billable)
	}
	return c
}
