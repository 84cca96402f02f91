package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// Past is traffic that never was: what HAProxy would have logged if the customers had been here before the demo began, so
// that its charts have something to show.
type Past struct {
	From, To time.Time
	Lines    int
	Keys     []Key
	Seed     uint64 // the same seed gives the same traffic
}

// Times are when the requests ended, in order: a day with a quiet night and a busy afternoon, and every hour a little
// different from it.
func (p Past) times(r *rand.Rand) []time.Time {
	const slot = 10 * time.Minute
	slots := max(1, int(p.To.Sub(p.From)/slot))
	weight, total := make([]float64, slots), 0.0
	for i := range weight {
		hour := float64(p.From.Add(time.Duration(i)*slot).UTC().Hour()) + float64(i%6)/6
		weight[i] = (1 + 0.75*math.Sin((hour-9)/24*2*math.Pi)) * math.Exp(0.18*r.NormFloat64())
		total += weight[i]
	}
	var at []time.Time
	for i, w := range weight {
		start := p.From.Add(time.Duration(i) * slot)
		for range int(math.Round(w / total * float64(p.Lines))) {
			if t := start.Add(time.Duration(r.Int64N(int64(slot)))); t.Before(p.To) {
				at = append(at, t)
			}
		}
	}
	slices.SortFunc(at, time.Time.Compare)
	return at
}

// All gives the lines, oldest first, as deploy/haproxy.cfg has HAProxy write them.
func (p Past) All() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		r := rand.New(rand.NewPCG(p.Seed, p.Seed))
		n := 0
		for _, at := range p.times(r) {
			n++
			key := p.Keys[r.IntN(len(p.Keys))]
			c := pick(r, key.Service)
			if !yield(logLine(r, at, n, key, c, c.outcome(r))) {
				return
			}
		}
	}
}

func logLine(r *rand.Rand, at time.Time, n int, key Key, c call, o outcome) []byte {
	var id uuid.UUID
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // version 4, RFC 9562
	path, err := json.Marshal(c.uri(r))
	if err != nil { // it is text
		panic(err)
	}
	const head = 145 // bytes of an answer's head
	line := append([]byte("<134>1 "), at.UTC().Format("2006-01-02T15:04:05.000000-07:00")...)
	return fmt.Appendf(line, ` demo haproxy 1 - - {"v":1,"id":"%s","pid":1,"n":%d,"t":%d,"c":"%d","s":"%s","k":"%s","m":"%s","st":%d,"bo":%d,"bi":%d,"d":%d,"tr":%d,"ts":"----","ip":"127.0.0.1","be":"be_%s","sv":"s1","p":%s}`,
		id, n, at.UnixMicro(), key.Customer, key.Service, key.ID, c.method, o.status, head+o.bytes, 200+r.IntN(400),
		o.took.Milliseconds(), o.took.Milliseconds(), key.Service, path)
}

// Replay sends lines to a syslog address over TCP, octet-counted (RFC 6587 section 3.4.1) as HAProxy's ring does, and gives
// their number.
func Replay(ctx context.Context, address string, lines iter.Seq[[]byte]) (int, error) {
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, fmt.Errorf("send log lines: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	w := bufio.NewWriterSize(conn, 64<<10)
	sent := 0
	for line := range lines {
		w.WriteString(strconv.Itoa(len(line)) + " ")
		w.Write(line)
		if sent++; w.Buffered() > 60<<10 && w.Flush() != nil {
			break
		}
	}
	if err := w.Flush(); err != nil {
		return sent, fmt.Errorf("send log lines: %w", err)
	}
	return sent, nil
}
