package logs

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

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
	Billable   bool      `db:"billable" json:"billable" doc:"Whether it costs."`
	BytesSent  int64     `db:"bytes_sent" json:"bytes_sent"`
	BytesIn    int64     `db:"bytes_received" json:"bytes_received"`
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

// Requests gives up to limit of the customer's requests that the filter means, newest first, from the cursor on, and the cursor
// of the next page: "" on the last one. Pages stay stable while rows are added.
func (m *Module) Requests(ctx context.Context, id customer.ID, f Filter, cursor string, limit int) ([]LoggedRequest, string, error) {
	from, err := placeOf(cursor)
	if err != nil {
		return nil, "", err
	}
	var page []LoggedRequest
	err = m.own(ctx, id, func(tx *sqlx.Tx) (err error) {
		page, err = selectRequests(ctx, tx, f, from, limit+1)
		return err
	})
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
	next, err := placeAt(page[limit-1])
	if err != nil {
		return nil, "", fmt.Errorf("requests of customer %d: %w", id, err)
	}
	return page, next.String(), nil
}

// placeAt is where a page ends that has this row as its last.
func placeAt(last LoggedRequest) (place, error) {
	p := place{atMillis: last.At.UnixMilli()}
	if !uuid([]byte(last.RequestID), &p.rid) {
		return p, fmt.Errorf("row id %q", last.RequestID)
	}
	return p, nil
}
