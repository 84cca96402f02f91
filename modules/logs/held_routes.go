package logs

import (
	"context"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/web"
)

func (m *Module) operatorRoutes(r *web.Router) {
	web.Get(r, "/sources", "sources", web.Operator, "What became of every log line, by source", m.getSources)
	web.Get(r, "/rejects", "rejects", web.Operator, "Log lines that could not be read, newest first", m.getRejects)
	web.Post(r, "/rejects/redrive", "redrive-rejects", web.Operator, "Read rejected lines again with today's parser", m.postRejects)
	web.Get(r, "/quarantine", "quarantine", web.Operator, "Rows held back for their time, newest first", m.getQuarantine)
	web.Post(r, "/quarantine/redrive", "redrive-quarantine", web.Operator, "Store held rows; they are metered and billed", m.postQuarantine)
	web.Get(r, "/unattributed", "unattributed", web.Operator, "Whose the rows of no known customer claim to be", m.getClaims)
	web.Post(r, "/unattributed/attribute", "attribute", web.Operator, "Give rows of nobody to a customer; they are billed", m.postAttribute)
}

type (
	heldTime struct {
		From time.Time `query:"from" doc:"First moment; a day before to when left out."`
		To   time.Time `query:"to" doc:"Moment after the last; now when left out."`
	}
	heldQuery struct {
		Reason string    `query:"reason" maxLength:"32" doc:"Only these."`
		Source string    `query:"source" maxLength:"512" doc:"Only of this source, as /logs/sources names it."`
		From   time.Time `query:"from" doc:"First moment; everything that is kept when left out."`
		To     time.Time `query:"to" doc:"Moment after the last."`
		Limit  int       `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Entries on a page."`
		Cursor string    `query:"cursor" maxLength:"128" doc:"next_cursor of the page before."`
	}
	sourcesOut struct {
		Body struct {
			From    time.Time     `json:"from"`
			To      time.Time     `json:"to"`
			Sources []SourceLines `json:"sources" nullable:"false"`
			Spool   *spoolState   `json:"spool" doc:"Of the replica that answers; null when it receives no lines."`
		}
	}
	spoolState struct {
		Bytes        int64      `json:"bytes" doc:"On disk."`
		MaxBytes     int64      `json:"max_bytes" doc:"At this size senders wait."`
		WaitingBytes int64      `json:"waiting_bytes" doc:"What the database does not have yet."`
		OldestAt     *time.Time `json:"oldest_at" doc:"When the oldest waiting line came."`
		Damaged      int        `json:"damaged" doc:"Stretches that the disk did not keep, set aside in its folder."`
	}
	rejectsOut struct {
		Body struct {
			Rejects    []Reject `json:"rejects" nullable:"false"`
			NextCursor string   `json:"next_cursor" doc:"Empty on the last page."`
		}
	}
	quarantineOut struct {
		Body struct {
			Rows       []HeldRow `json:"rows" nullable:"false"`
			NextCursor string    `json:"next_cursor" doc:"Empty on the last page."`
		}
	}
	redriveIn struct {
		Body struct {
			Reason string     `json:"reason,omitempty" maxLength:"32" doc:"Only these."`
			Source string     `json:"source,omitempty" maxLength:"512" doc:"Only of this source."`
			From   *time.Time `json:"from,omitempty" doc:"First moment: of a quarantined row's request, or of a line's rejection."`
			To     *time.Time `json:"to,omitempty" doc:"Moment after the last."`
		}
	}
	redriveOut struct{ Body Redriven }
	claimsOut  struct {
		Body struct {
			Claims []Claim `json:"claims" nullable:"false"`
		}
	}
	attributeIn struct {
		Body struct {
			Claimed    string    `json:"claimed" maxLength:"128" doc:"As /logs/unattributed shows it."`
			CustomerID int64     `json:"customer_id" minimum:"1" doc:"Who is to have them, and pay."`
			From       time.Time `json:"from" doc:"First moment."`
			To         time.Time `json:"to" doc:"Moment after the last."`
		}
	}
	attributeOut struct {
		Body struct {
			Rows int64 `json:"rows" doc:"Rows that changed hands."`
			More bool  `json:"more" doc:"There were more than one call takes: call again."`
		}
	}
)

// window completes a time that was asked for: a day up to now.
func (m *Module) window(t heldTime) (from, to time.Time) {
	from, to = t.From, t.To
	if to.IsZero() {
		to = m.kit.Now()
	}
	if from.IsZero() {
		from = to.AddDate(0, 0, -1)
	}
	return from, to
}

func (m *Module) getSources(ctx context.Context, in *heldTime) (*sourcesOut, error) {
	var out sourcesOut
	var err error
	out.Body.From, out.Body.To = m.window(*in)
	if st, ok := m.watched.stats(); ok {
		out.Body.Spool = &spoolState{Bytes: st.Bytes, MaxBytes: st.MaxBytes, WaitingBytes: st.Waiting, Damaged: st.Damaged}
		if !st.Oldest.IsZero() {
			out.Body.Spool.OldestAt = &st.Oldest
		}
	}
	out.Body.Sources, err = m.Sources(ctx, out.Body.From, out.Body.To)
	return &out, err
}

func (q heldQuery) filter() HeldFilter {
	return HeldFilter{Reason: q.Reason, Source: q.Source, From: q.From, To: q.To}
}

func (m *Module) getRejects(ctx context.Context, in *heldQuery) (*rejectsOut, error) {
	var out rejectsOut
	var err error
	out.Body.Rejects, out.Body.NextCursor, err = m.Rejects(ctx, in.filter(), in.Cursor, in.Limit)
	return &out, err
}

func (m *Module) getQuarantine(ctx context.Context, in *heldQuery) (*quarantineOut, error) {
	var out quarantineOut
	var err error
	out.Body.Rows, out.Body.NextCursor, err = m.Quarantine(ctx, in.filter(), in.Cursor, in.Limit)
	return &out, err
}

func (in *redriveIn) filter() HeldFilter {
	f := HeldFilter{Reason: in.Body.Reason, Source: in.Body.Source}
	if in.Body.From != nil {
		f.From = *in.Body.From
	}
	if in.Body.To != nil {
		f.To = *in.Body.To
	}
	return f
}

func (m *Module) postRejects(ctx context.Context, in *redriveIn) (*redriveOut, error) {
	done, err := m.RedriveRejects(ctx, in.filter())
	return &redriveOut{done}, err
}

func (m *Module) postQuarantine(ctx context.Context, in *redriveIn) (*redriveOut, error) {
	done, err := m.ReleaseQuarantined(ctx, in.filter())
	return &redriveOut{done}, err
}

func (m *Module) getClaims(ctx context.Context, in *heldTime) (*claimsOut, error) {
	var out claimsOut
	var err error
	from, to := m.window(*in)
	out.Body.Claims, err = m.Claims(ctx, from, to)
	return &out, err
}

func (m *Module) postAttribute(ctx context.Context, in *attributeIn) (*attributeOut, error) {
	var out attributeOut
	var err error
	out.Body.Rows, out.Body.More, err = m.Attribute(ctx, in.Body.Claimed, customer.ID(in.Body.CustomerID), in.Body.From, in.Body.To)
	return &out, err
}
