package logs

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"suiftly/internal/fault"
)

// SourceLines is what became of the lines of one source.
type SourceLines struct {
	Source       string    `db:"source" json:"source" doc:"tcp/<host>, udp/<host>, file/<host><path>, import/<content>, edge/<agent>/<source>, or redrive/<from>."`
	Batches      int64     `db:"batches" json:"batches"`
	Lines        int64     `db:"lines" json:"lines" doc:"Every line that came: the sum of the next four."`
	Stored       int64     `db:"stored" json:"stored"`
	Duplicates   int64     `db:"duplicates" json:"duplicates"`
	Rejected     int64     `db:"rejected" json:"rejected"`
	Quarantined  int64     `db:"quarantined" json:"quarantined"`
	Unattributed int64     `db:"unattributed" json:"unattributed" doc:"Of the stored: of no known customer."`
	LastAt       time.Time `db:"last_received_at" json:"last_received_at"`
}

// Reject is a line that could not be read.
type Reject struct {
	ID         string     `db:"rid" json:"id"`
	RejectedAt time.Time  `db:"rejected_at" json:"rejected_at"`
	Reason     string     `db:"reason" json:"reason"`
	Source     string     `db:"source" json:"source"`
	Position   int64      `db:"position" json:"position" doc:"Of its batch in the source."`
	LineNumber int        `db:"line_number" json:"line_number" doc:"In the batch, from 1."`
	Line       string     `db:"line" json:"line" doc:"Without what may be a query string; 8 KiB at most."`
	Intact     bool       `db:"intact" json:"intact" doc:"The line is kept byte for byte, so that it can be read again."`
	RedrivenAt *time.Time `db:"redriven_at" json:"redriven_at" doc:"When it was read after all; null while it is not."`
}

// HeldRow is a row that is too far in the future or the past to be metered.
type HeldRow struct {
	ID         string     `db:"rid" json:"id"`
	HeldAt     time.Time  `db:"held_at" json:"held_at"`
	Reason     string     `db:"reason" json:"reason" enum:"future,old"`
	Source     string     `db:"source" json:"source"`
	At         time.Time  `db:"timestamp" json:"at"`
	CustomerID int64      `db:"customer_id" json:"customer_id" doc:"0: nobody who is known."`
	Claimed    string     `db:"claimed" json:"claimed" doc:"Whose the line says it is, where nobody is known."`
	Service    string     `db:"service" json:"service"`
	Method     string     `db:"method" json:"method"`
	Path       string     `db:"path" json:"path"`
	Status     int        `db:"status" json:"status"`
	BytesSent  int64      `db:"bytes_sent" json:"bytes_sent"`
	ReleasedAt *time.Time `db:"released_at" json:"released_at" doc:"When it was driven again; null while it is held."`
}

// HeldFilter chooses rejects or held rows. Empty fields choose all.
type HeldFilter struct {
	Reason, Source string
	From, To       time.Time // of the request for held rows, of the rejection for rejects; To is not included
}

func (f HeldFilter) until() time.Time {
	if f.To.IsZero() {
		return time.UnixMicro(latestMicros).UTC()
	}
	return f.To
}

func (f HeldFilter) told() map[string]any {
	return map[string]any{"reason": f.Reason, "source": f.Source, "from": f.From, "to": f.until()}
}

// heldPlace is where a page of rejects or held rows ends.
type heldPlace struct {
	at time.Time
	id string
}

// latestHeld is before the newest.
var latestHeld = heldPlace{time.UnixMicro(latestMicros), "ffffffff-ffff-ffff-ffff-ffffffffffff"}

func (p heldPlace) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.at.UnixMicro(), 10) + " " + p.id))
}

func heldPlaceOf(cursor string) (heldPlace, error) {
	if cursor == "" {
		return latestHeld, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	micros, id, _ := strings.Cut(string(text), " ")
	at, notNumber := strconv.ParseInt(micros, 10, 64)
	var rid [16]byte
	if err != nil || notNumber != nil || at < 0 || at > latestMicros || !uuid([]byte(id), &rid) {
		return heldPlace{}, ErrBadCursor.With(fault.Field{Name: "cursor", Message: "is not a cursor of this list"})
	}
	return heldPlace{time.UnixMicro(at).UTC(), id}, nil
}

// Sources says what became of the lines that came in a time, by source.
func (m *Module) Sources(ctx context.Context, from, to time.Time) ([]SourceLines, error) {
	sources, err := selectSources(ctx, m.kit.DB, from, to)
	if err != nil {
		return nil, fmt.Errorf("sources of log lines: %w", err)
	}
	return sources, nil
}

// Rejects gives up to limit rejects, newest first, from the cursor on, and the cursor of the next page: "" on the last one.
func (m *Module) Rejects(ctx context.Context, f HeldFilter, cursor string, limit int) ([]Reject, string, error) {
	from, err := heldPlaceOf(cursor)
	if err != nil {
		return nil, "", err
	}
	page, err := selectRejects(ctx, m.kit.DB, f, from, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("rejected log lines: %w", err)
	}
	if len(page) <= limit {
		return page, "", nil
	}
	last := page[limit-1]
	return page[:limit], heldPlace{last.RejectedAt, last.ID}.String(), nil
}

// Quarantine gives up to limit held rows, like Rejects.
func (m *Module) Quarantine(ctx context.Context, f HeldFilter, cursor string, limit int) ([]HeldRow, string, error) {
	from, err := heldPlaceOf(cursor)
	if err != nil {
		return nil, "", err
	}
	page, err := selectHeld(ctx, m.kit.DB, f, from, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("quarantined log lines: %w", err)
	}
	if len(page) <= limit {
		return page, "", nil
	}
	last := page[limit-1]
	return page[:limit], heldPlace{last.HeldAt, last.ID}.String(), nil
}
