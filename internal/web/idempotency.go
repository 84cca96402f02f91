package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
)

// leaseFor is how long a request may run before another with the same key may take its place. It is longer than any
// request deadline, so that two never run together.
const leaseFor = 6 * time.Minute

var (
	errKeyNeeded   = fault.New(fault.Invalid, "web.idempotency_key_needed", "Send an Idempotency-Key header, so that a repeated request is done once.").With(fault.Field{Name: "Idempotency-Key", Message: "required"})
	errKeyBad      = fault.New(fault.Invalid, "web.idempotency_key_bad", "An Idempotency-Key is 8 to 128 characters without spaces.").With(fault.Field{Name: "Idempotency-Key", Message: "8 to 128 visible ASCII characters"})
	errKeyReused   = fault.New(fault.Invalid, "web.idempotency_key_reused", "This Idempotency-Key was used for another request. Use a new one.").With(fault.Field{Name: "Idempotency-Key", Message: "already used with other content"})
	errKeyBusy     = fault.New(fault.Conflict, "web.idempotency_in_progress", "The first request with this Idempotency-Key is still running.").Retry(time.Second)
	errSecretShown = fault.New(fault.Conflict, "web.idempotency_secret_shown", "This request was done already, and its secret was shown once and cannot be shown again.")
)

func idempotencyParam(required bool) *huma.Param {
	return &huma.Param{
		Name: "Idempotency-Key", In: "header", Required: required,
		Description: "A value of your own for this one change: the same request again gets the same answer and is done once.",
		Schema:      &huma.Schema{Type: huma.TypeString, MinLength: ptr(8), MaxLength: ptr(128)},
	}
}

func ptr[T any](v T) *T { return &v }

const (
	claimKeySQL = `insert into ops.idempotency_keys (customer_id, key, operation, request_hash, created_at, leased_until)
values ($1, $2, $3, $4, $5, $6)
on conflict (customer_id, key) do update set leased_until = excluded.leased_until
where idempotency_keys.status is null
  and idempotency_keys.leased_until < $5
  and idempotency_keys.request_hash = excluded.request_hash`
	readKeySQL   = `select request_hash, status, content_type, body from ops.idempotency_keys where customer_id = $1 and key = $2`
	answerKeySQL = `update ops.idempotency_keys set status = $3, content_type = $4, body = $5 where customer_id = $1 and key = $2`
	dropKeySQL   = `delete from ops.idempotency_keys where customer_id = $1 and key = $2 and status is null`
)

type keptAnswer struct {
	RequestHash []byte         `db:"request_hash"`
	Status      sql.NullInt64  `db:"status"`
	ContentType sql.NullString `db:"content_type"`
	Body        []byte         `db:"body"`
}

// idempotent gives the same answer to the same (customer, Idempotency-Key, request) again. An answer that says "try again"
// (429, 5xx) is not kept.
func (s *Server) idempotent(operation string, rt route) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		ctx, key := c.Context(), c.Header("Idempotency-Key")
		who := customer.From(ctx)
		switch {
		case who == 0 || key == "" && !rt.needKey:
			next(c)
			return
		case key == "":
			s.refuse(c, errKeyNeeded)
			return
		case !visible(key):
			s.refuse(c, errKeyBad)
			return
		}
		request := humafiber.Unwrap(c)
		h := sha256.New()
		fmt.Fprintf(h, "%s\n%s\n", operation, request.OriginalURL())
		h.Write(request.Body())
		hash := h.Sum(nil)

		now := s.now()
		claimed, err := s.db.ExecContext(ctx, claimKeySQL, who, key, operation, hash, now, now.Add(leaseFor))
		if err != nil {
			s.refuse(c, fmt.Errorf("claim idempotency key: %w", err))
			return
		}
		if n, _ := claimed.RowsAffected(); n == 0 {
			s.replay(c, who, key, hash, rt)
			return
		}
		kept := false
		defer func() {
			if !kept { // also when the handler panics: a retry must be able to run
				after, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
				defer cancel()
				_, _ = s.db.ExecContext(after, dropKeySQL, who, key)
			}
		}()
		next(c)
		response := request.Response()
		if code := response.StatusCode(); code == http.StatusTooManyRequests || code >= 500 {
			return
		}
		body := append([]byte{}, response.Body()...)
		if rt.secret {
			body = []byte{}
		}
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		kept = true // the change is made: whatever happens now, it must not run again under this key
		if _, err := s.db.ExecContext(after, answerKeySQL, who, key, response.StatusCode(), string(response.Header.ContentType()), body); err != nil {
			s.log.Error("keep the answer for an idempotency key", "request_id", CallerFrom(ctx).RequestID, "error", err)
		}
	}
}

func (s *Server) replay(c huma.Context, who customer.ID, key string, hash []byte, rt route) {
	var a keptAnswer
	err := s.db.GetContext(c.Context(), &a, readKeySQL, who, key)
	switch {
	case errors.Is(err, sql.ErrNoRows): // dropped between the two statements: its request failed and may be sent again
		s.refuse(c, errKeyBusy)
	case err != nil:
		s.refuse(c, fmt.Errorf("read idempotency key: %w", err))
	case subtle.ConstantTimeCompare(a.RequestHash, hash) == 0:
		s.refuse(c, errKeyReused)
	case !a.Status.Valid:
		s.refuse(c, errKeyBusy)
	case rt.secret && a.Status.Int64 < 300:
		s.refuse(c, errSecretShown)
	default:
		if a.ContentType.String != "" {
			c.SetHeader("Content-Type", a.ContentType.String)
		}
		c.SetHeader("Idempotency-Replayed", "true")
		c.SetStatus(int(a.Status.Int64))
		_, _ = c.BodyWriter().Write(a.Body)
	}
}

func visible(key string) bool {
	if len(key) < 8 || len(key) > 128 {
		return false
	}
	for _, b := range []byte(key) {
		if b <= ' ' || b > '~' {
			return false
		}
	}
	return true
}

// SweepKeys forgets answers older than a day.
func (s *Server) SweepKeys(ctx context.Context, due time.Time) error {
	if _, err := s.db.ExecContext(ctx, `delete from ops.idempotency_keys where created_at < $1`, due.Add(-24*time.Hour)); err != nil {
		return fmt.Errorf("forget old idempotency keys: %w", err)
	}
	return nil
}
