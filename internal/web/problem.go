package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"suiftly/internal/fault"
	"suiftly/internal/pg"
)

// Problem is the body of every error: RFC 9457 with a stable code, the refused fields and the request's id.
type Problem struct {
	Title     string        `json:"title" doc:"The status in words."`
	Status    int           `json:"status" doc:"The HTTP status."`
	Detail    string        `json:"detail" doc:"One sentence a person may read."`
	Code      string        `json:"code" doc:"Stable: room.reason. Programs switch on it."`
	Fields    []fault.Field `json:"fields,omitempty" doc:"The refused inputs."`
	Current   any           `json:"current,omitempty" doc:"Of a conflict: what stands now."`
	RequestID string        `json:"request_id" doc:"Name it when you ask for help."`

	retryAfter time.Duration
}

// Error is for huma.
func (p *Problem) Error() string { return p.Code }

// GetStatus is for huma.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is for huma.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders is for huma: it writes them with the problem.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.retryAfter+time.Second-1)/time.Second)))
	}
	return h
}

var statuses = map[fault.Kind]int{
	fault.Internal: 500, fault.Invalid: 422, fault.Unauthenticated: 401, fault.InsufficientFunds: 402, fault.Forbidden: 403,
	fault.NotFound: 404, fault.Conflict: 409, fault.TooMany: 429, fault.Unavailable: 503,
}

var (
	errDatabaseDown = fault.New(fault.Unavailable, "web.unavailable", "The service cannot reach its database right now. Nothing was changed; try again in a few seconds.").Retry(2 * time.Second)
	errTooSlow      = fault.New(fault.Unavailable, "web.deadline", "This took too long and was stopped. Try again.").Retry(2 * time.Second)
	errInvalid      = fault.New(fault.Invalid, "web.invalid", "The request is not as the API expects it.")
)

// problem turns an error into its answer and logs what the caller must not see. This is where request errors end.
func (s *Server) problem(ctx context.Context, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	f := fault.Of(err)
	if f.Kind == fault.Internal {
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			f = errTooSlow.Because(err)
		case pg.IsUnavailable(err):
			f = errDatabaseDown.Because(err)
		}
	}
	id := CallerFrom(ctx).RequestID
	switch f.Kind {
	case fault.Internal:
		s.log.Error("request failed", "request_id", id, "error", err)
	case fault.Unavailable:
		s.log.Warn("request refused", "request_id", id, "error", err)
	default:
		s.log.Debug("request refused", "request_id", id, "error", err)
	}
	status := statuses[f.Kind]
	return &Problem{
		Title: http.StatusText(status), Status: status, Detail: f.Sentence, Code: f.Code, Fields: f.Fields,
		Current: f.Current, RequestID: id, retryAfter: f.RetryAfter,
	}
}

// refuse answers a huma request with err from a middleware.
func (s *Server) refuse(c huma.Context, err error) {
	p := s.problem(c.Context(), err)
	for name, values := range p.GetHeaders() {
		c.SetHeader(name, values[0])
	}
	_ = huma.WriteErr(s.api, c, p.Status, p.Code, p) // the only failure is a gone client
}

func init() {
	// huma's own refusals (bad JSON, a value against its schema) become our problems. Its details carry the refused
	// value, for an unknown field the whole body: dropped, so that no secret is echoed into an answer or a log.
	huma.NewErrorWithContext = func(c huma.Context, status int, msg string, errs ...error) huma.StatusError {
		p := &Problem{Title: http.StatusText(status), Status: status, Detail: errInvalid.Sentence, Code: errInvalid.Code}
		if c != nil {
			p.RequestID = CallerFrom(c.Context()).RequestID
		}
		for _, err := range errs {
			if own, ok := errors.AsType[*Problem](err); ok {
				return own
			}
			if d, ok := errors.AsType[*huma.ErrorDetail](err); ok {
				p.Fields = append(p.Fields, fault.Field{Name: fieldName(d), Message: d.Message})
			}
		}
		switch {
		case status >= 500:
			p.Detail, p.Code = fault.Of(nil).Sentence, "internal"
		case status == http.StatusRequestEntityTooLarge:
			p.Detail, p.Code = "The request is too large.", "web.too_large"
		case status == http.StatusUnsupportedMediaType:
			p.Detail, p.Code = "Send application/json.", "web.media_type"
		case status == http.StatusBadRequest:
			p.Detail, p.Code = "The request body is not valid JSON.", "web.bad_json"
			if len(p.Fields) == 0 || strings.HasPrefix(msg, "request body is required") {
				p.Detail = "A JSON request body is required."
			}
			p.Fields = nil
		}
		return p
	}
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return huma.NewErrorWithContext(nil, status, msg, errs...)
	}
	huma.DefaultArrayNullable = false // else every list is T[] | null to TypeScript
}

// fieldName turns huma's location (body.packages[0], path.id, query.limit) into the name the request uses. A missing field
// stands at its parent's location, with its name in the message only.
func fieldName(d *huma.ErrorDetail) string {
	location, missing := d.Location, ""
	if n, _ := fmt.Sscanf(d.Message, validation.MsgExpectedRequiredProperty, &missing); n == 1 {
		location += "." + missing
	}
	_, name, ok := strings.Cut(location, ".")
	if !ok {
		return location
	}
	return name
}

// writeError answers what never reached huma: fiber's own refusals, unknown routes, panics caught by around.
func (s *Server) writeError(c *fiber.Ctx, err error) error {
	p := (*Problem)(nil)
	if fe, ok := errors.AsType[*fiber.Error](err); ok {
		p = &Problem{Title: http.StatusText(fe.Code), Status: fe.Code, Code: "web.refused", Detail: http.StatusText(fe.Code) + ".", RequestID: CallerFrom(c.UserContext()).RequestID}
		switch fe.Code {
		case http.StatusRequestEntityTooLarge:
			p.Code, p.Detail = "web.too_large", "The request is too large."
		case http.StatusUnsupportedMediaType:
			p.Code, p.Detail = "web.encoded", "Compressed requests are not taken here: send the body as it is."
		case http.StatusRequestHeaderFieldsTooLarge:
			p.Code, p.Detail = "web.headers_too_large", "The request's headers are too large."
		case http.StatusMethodNotAllowed:
			p.Code, p.Detail = "web.method", "This address does not take "+c.Method()+" requests; the header Allow says which it takes."
		case http.StatusNotFound:
			p = s.problem(c.UserContext(), errNoRoute)
		}
		if p.RequestID == "" { // refused before it was read to its end: around never saw it
			p.RequestID = uuid.NewString()
			c.Set("X-Request-Id", p.RequestID)
			s.log.Info("request refused unread", "status", p.Status, "request_id", p.RequestID)
		}
	} else {
		p = s.problem(c.UserContext(), err)
	}
	for name, values := range p.GetHeaders() {
		c.Set(name, values[0])
	}
	return c.Status(p.Status).JSON(p, p.ContentType(""))
}

func problemResponse(api huma.API) *huma.Response {
	registry := api.OpenAPI().Components.Schemas
	return &huma.Response{
		Description: "A problem",
		Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: registry.Schema(problemType, true, "Problem")}},
	}
}
