package logs

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"

	"suiftly/internal/fault"
	"suiftly/internal/web"
)

// maxPushBytes is the longest batch that an edge agent may send, before and after it is decompressed.
const maxPushBytes = 4 << 20

// What an agent may send wrongly, and the one failure that it has to expect.
var (
	ErrBadEncoding = fault.New(fault.Invalid, "logs.bad_encoding", "The batch is not compressed as its Content-Encoding says: gzip, zstd or nothing.")
	ErrPushTooLong = fault.New(fault.Invalid, "logs.batch_too_long", "The batch is longer than 4 MiB when it is decompressed. Send it in parts.")
	ErrNotTaken    = fault.New(fault.Unavailable, "logs.not_taken", "The batch is not committed. Send it again as it is.").Retry(2 * time.Second)
)

type pushIn struct {
	Source   string `header:"X-Suiftly-Source" required:"true" pattern:"^[A-Za-z0-9._-]{1,64}$" doc:"What the lines come from, on the agent's host."`
	Position int64  `header:"X-Suiftly-Position" required:"true" minimum:"0" doc:"Where the first line stands in the source; it grows from batch to batch."`
	RawBody  []byte `contentType:"text/plain" doc:"Log lines, each ended by a newline; a syslog header is allowed. Content-Encoding may be gzip or zstd."`
}

type pushOut struct {
	Body pushed
}

type pushed struct {
	Stored          int  `json:"stored" doc:"Lines that became rows."`
	Duplicates      int  `json:"duplicates" doc:"Lines that were recorded before."`
	Rejected        int  `json:"rejected" doc:"Lines that could not be read."`
	Quarantined     int  `json:"quarantined" doc:"Lines held back for their time."`
	Unattributed    int  `json:"unattributed" doc:"Of those stored, lines of no known customer."`
	AlreadyRecorded bool `json:"already_recorded" doc:"This source and position is recorded; nothing was changed."`
}

// push takes a batch of an edge agent. It answers once the batch is committed: then the agent may forget it.
func (m *Module) push(ctx context.Context, in *pushIn) (*pushOut, error) {
	text, err := decoded(web.ContentEncoding(ctx), in.RawBody)
	if err != nil {
		return nil, err
	}
	done, err := m.intake.attempt(ctx, m.batchOf(fmt.Sprintf("edge/%s/%s", web.EdgeFrom(ctx), in.Source), in.Position, text))
	if err != nil {
		return nil, ErrNotTaken.Because(err)
	}
	m.intake.counts.add(done)
	return &pushOut{pushed{done.stored, done.duplicates, done.rejected, done.quarantined, done.unattributed, done.again}}, nil
}

// batchOf reads lines that are ended by newlines. Empty ones are none.
func (m *Module) batchOf(source string, position int64, text []byte) *batch {
	b := &batch{}
	b.reset(source, position, time.Now())
	var l Line
	var alike copies
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte{'\n'})
		if line = trimEnd(line); len(line) > 0 {
			tooLong := len(line) > maxLineBytes
			line = line[:min(len(line), maxLineBytes)]
			b.add(line, alike.of(line), tooLong, &l, m.intake.settings)
		}
	}
	return b
}

func decoded(encoding string, body []byte) ([]byte, error) {
	var text io.Reader
	var err error
	switch encoding {
	case "", "identity":
		return body, nil
	case "gzip":
		text, err = gzip.NewReader(bytes.NewReader(body))
	case "zstd":
		var d *zstd.Decoder
		if d, err = zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*maxPushBytes)); err == nil {
			defer d.Close()
		}
		text = d
	default:
		return nil, ErrBadEncoding
	}
	if err != nil {
		return nil, ErrBadEncoding.Because(err)
	}
	out, err := io.ReadAll(io.LimitReader(text, maxPushBytes+1))
	switch {
	case len(out) > maxPushBytes, errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return nil, ErrPushTooLong
	case err != nil:
		return nil, ErrBadEncoding.Because(err)
	}
	return out, nil
}
