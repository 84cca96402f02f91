package logs

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
	"suiftly/internal/web"
)

// exportWithin bounds how long an export may hold its connection to the database.
const exportWithin = 30 * time.Minute

type exportQuery struct {
	FilterQuery
	Format string `query:"format" enum:"csv,ndjson" default:"csv" doc:"Comma-separated with a header (RFC 4180), or a JSON object on each line."`
}

func (m *Module) export(ctx context.Context, in *exportQuery) (*web.Streaming, error) {
	f, err := in.parse()
	if err != nil {
		return nil, err
	}
	id := customer.From(ctx)
	leave, err := m.streams.enter(id)
	if err != nil {
		return nil, err
	}
	kind, begin := "text/csv; charset=utf-8", csvRows
	if in.Format == "ndjson" {
		kind, begin = "application/x-ndjson", ndjsonRows
	}
	name := "requests-" + m.kit.Now().UTC().Format("20060102-150405") + "." + in.Format
	return &web.Streaming{ContentType: kind, FileName: name, Gzip: true, Write: func(ctx context.Context, w *bufio.Writer) error {
		defer leave()
		return m.exportRequests(ctx, id, f, begin(w))
	}}, nil
}

// rowWriter takes the rows of an export. nil is the end of them.
type rowWriter func(*LoggedRequest) error

// exportRequests gives every request of the filter, newest first, as one moment of the database, in constant memory.
func (m *Module) exportRequests(ctx context.Context, id customer.ID, f Filter, write rowWriter) error {
	ctx, cancel := context.WithTimeout(ctx, exportWithin)
	defer cancel()
	begun := false
	err := m.own(ctx, id, func(tx *sqlx.Tx) error {
		if begun { // own tries again when Postgres asks for it; what was written cannot be taken back
			return errors.New("begun already")
		}
		begun = true
		if err := takeTime(ctx, tx); err != nil {
			return err
		}
		rows, err := queryRequests(ctx, tx, f)
		if err != nil {
			return err
		}
		defer rows.Close()
		var row LoggedRequest
		for rows.Next() {
			if err := rows.StructScan(&row); err != nil {
				return err
			}
			row.At = row.At.UTC()
			if err := write(&row); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	if err != nil {
		return fmt.Errorf("export of customer %d: %w", id, err)
	}
	return write(nil)
}

func takeTime(ctx context.Context, tx pg.Q) error {
	_, err := tx.ExecContext(ctx, `set local statement_timeout = 0`)
	return err
}

func ndjsonRows(w *bufio.Writer) rowWriter {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	return func(r *LoggedRequest) error {
		if r == nil {
			return nil
		}
		return lines.Encode(r)
	}
}

var csvHeader = []string{
	"at", "request_id", "service", "method", "path", "status", "billable", "bytes_sent", "bytes_received", "duration_ms",
	"backend", "server", "termination", "client_ip", "key_id",
}

func csvRows(w *bufio.Writer) rowWriter {
	table := csv.NewWriter(w)
	table.UseCRLF = true
	failed := table.Write(csvHeader)
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	return func(r *LoggedRequest) error {
		if r == nil || failed != nil {
			table.Flush()
			return errors.Join(failed, table.Error())
		}
		return table.Write([]string{
			r.At.Format("2006-01-02T15:04:05.000Z"), r.RequestID, plain(r.Service), plain(r.Method), plain(r.Path), number(int64(r.Status)),
			strconv.FormatBool(r.Billable), number(r.BytesSent), number(r.BytesIn), number(r.DurationMs), plain(r.Backend), plain(r.Server),
			// HAProxy's own words: four letters or dashes.
			r.Terminated, r.ClientIP, plain(r.KeyID),
		})
	}
}

// plain keeps a spreadsheet from running what a client put into a path as a formula (OWASP, CSV injection).
func plain(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
