package logs

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
)

// What a customer may ask wrongly.
var (
	ErrBadCursor = fault.New(fault.Invalid, "logs.bad_cursor", "This page mark is not one that we gave.")
	ErrBadRange  = fault.New(fault.Invalid, "logs.bad_range", "This time range cannot be shown.")
)

// LoggedRequest is one request as its customer sees it.
type LoggedRequest struct {
	At         time.Time `db:"timestamp" json:"at" doc:"When the request ended, to the millisecond."`
	RequestID  string    `db:"rid" json:"request_id" doc:"The X-Request-Id that your backend was sent."`
	Service    string    `db:"service" json:"service"`
	Method     string    `db:"method" json:"method"`
	Path       string    `db:"path" json:"path" doc:"Without its query string."`
	Status     int       `db:"status" json:"status" doc:"-1 when the client left before an answer."`
	BytesSent  int64     `db:"bytes_sent" json:"bytes_sent"`
	DurationMs int64     `db:"duration_ms" json:"duration_ms" doc:"-1 when it could not be timed."`
	Backend    string    `db:"backend" json:"backend"`
	Server     string    `db:"server" json:"server"`
	Terminated string    `db:"termination" json:"termination" doc:"HAProxy's termination state; ---- when all went well."`
	ClientIP   string    `db:"client_ip" json:"client_ip" doc:"Empty when it is not kept."`
	KeyID      string    `db:"key_id" json:"key_id" doc:"The API key that was used; empty when unknown."`
}

// place is where a page ends: the key of its last row. The zero place is before the newest row.
type place struct {
	atMillis int64
	rid      [16]byte
}

func (p place) String() string {
	b := binary.BigEndian.AppendUint64(nil, uint64(p.atMillis))
	return base64.RawURLEncoding.EncodeToString(append(b, p.rid[:]...))
}

func placeOf(cursor string) (p place, err error) {
	if cursor == "" {
		return place{atMillis: latestMicros / 1000}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) != 24 {
		return p, ErrBadCursor.With(fault.Field{Name: "cursor", Message: "is not a cursor of this list"})
	}
	p.atMillis = int64(binary.BigEndian.Uint64(b))
	copy(p.rid[:], b[8:])
	if p.atMillis < 0 || p.atMillis > latestMicros/1000 {
		return p, ErrBadCursor.With(fault.Field{Name: "cursor", Message: "is not a cursor of this list"})
	}
	return p, nil
}

// Requests gives up to limit requests of the customer, newest first, from the cursor on, and the cursor of the next page: ""
// on the last one. Pages stay stable while rows are added. service "" is all of them.
func (m *Module) Requests(ctx context.Context, id customer.ID, service, cursor string, limit int) ([]LoggedRequest, string, error) {
	from, err := placeOf(cursor)
	if err != nil {
		return nil, "", err
	}
	page, err := selectRequests(ctx, m.kit.DB, id, service, from, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("requests of customer %d: %w", id, err)
	}
	for i := range page {
		page[i].At = page[i].At.UTC()
	}
	if len(page) <= limit {
		return page, "", nil
	}
	page = page[:limit]
	last := page[limit-1]
	next := place{atMillis: last.At.UnixMilli()}
	if !uuid([]byte(last.RequestID), &next.rid) {
		return nil, "", fmt.Errorf("requests of customer %d: row id %q", id, last.RequestID)
	}
	return page, next.String(), nil
}
