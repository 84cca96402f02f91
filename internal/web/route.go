package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
)

// Access says who may call a route. It has no useful zero value: a route that does not say panics at start.
type Access int

// The kinds of callers.
const (
	Anyone   Access = iota + 1 // no session needed
	Customer                   // signed in, also while suspended: reading, depositing, paying
	Active                     // signed in and not suspended: configuring
	Operator                   // signed in with an address listed in auth.operators
	Edge                       // an edge agent with its token; no session and no person
)

func (a Access) String() string {
	return [...]string{"undeclared", "anyone", "customer", "active", "operator", "edge"}[a]
}

// The refusals of this package.
var (
	ErrSignInNeeded  = fault.New(fault.Unauthenticated, "auth.sign_in_needed", "Sign in to go on.")
	ErrSuspended     = fault.New(fault.Forbidden, "auth.suspended", "This account is suspended. You can look around and pay; changes are possible again once it is resumed.")
	ErrTokenNeeded   = fault.New(fault.Unauthenticated, "edge.token_needed", "This is for edge agents: send the token of one listed in edge.agents as Authorization: Bearer.")
	ErrOperatorsOnly = fault.New(fault.Forbidden, "auth.operators_only", "This is for operators of this installation.")
	errNoRoute       = fault.New(fault.NotFound, "web.no_route", "There is nothing at this address. The API is described at /api/openapi.json.")
)

// Router adds the routes of one room under /api/v1/<room>.
type Router struct {
	server *Server
	room   string
}

// Room gives the router of a room.
func (s *Server) Room(name string) *Router { return &Router{s, name} }

// route is what an Option may change.
type route struct {
	status  int
	needKey bool
	secret  bool
	limits  []Limit       // by where callers are
	body    int           // bytes, where it is not web.body_limit_bytes
	lasts   time.Duration // where it is not web.request_deadline
	streams []string      // content types, where the answer is a Streaming
}

// Option changes a route.
type Option func(*route)

// Status is the success status, where it is not 200 (or 204 for an answer without a body).
func Status(code int) Option { return func(r *route) { r.status = code } }

// Money marks a route that moves money: it requires an Idempotency-Key and is limited by web.limits.money_per_hour.
func Money() Option { return func(r *route) { r.needKey = true } }

// Secret marks a route whose answer shows a secret once: the answer is not kept for replay.
func Secret() Option { return func(r *route) { r.secret = true } }

// Body lets an Edge route take a larger body than web.body_limit_bytes. It arrives as it was sent: ContentEncoding says how
// it is compressed.
func Body(bytes int) Option { return func(r *route) { r.body = bytes } }

// Lasts lets the route take longer than web.request_deadline: a caller who waits for news.
func Lasts(d time.Duration) Option { return func(r *route) { r.lasts = d } }

// Get adds a read. name completes the operation id <room>-<name>; summary is its line in the API reference.
func Get[I, O any](r *Router, path, name string, access Access, summary string, h func(context.Context, *I) (*O, error), opts ...Option) {
	add(r, http.MethodGet, path, name, access, summary, h, opts)
}

// Post adds a mutation or a question with a body.
func Post[I, O any](r *Router, path, name string, access Access, summary string, h func(context.Context, *I) (*O, error), opts ...Option) {
	add(r, http.MethodPost, path, name, access, summary, h, opts)
}

// Put adds a replacement.
func Put[I, O any](r *Router, path, name string, access Access, summary string, h func(context.Context, *I) (*O, error), opts ...Option) {
	add(r, http.MethodPut, path, name, access, summary, h, opts)
}

// Patch adds a partial change.
func Patch[I, O any](r *Router, path, name string, access Access, summary string, h func(context.Context, *I) (*O, error), opts ...Option) {
	add(r, http.MethodPatch, path, name, access, summary, h, opts)
}

// Delete adds a removal.
func Delete[I, O any](r *Router, path, name string, access Access, summary string, h func(context.Context, *I) (*O, error), opts ...Option) {
	add(r, http.MethodDelete, path, name, access, summary, h, opts)
}

func add[I, O any](r *Router, method, path, name string, access Access, summary string, h func(context.Context, *I) (*O, error), opts []Option) {
	id := r.room + "-" + name
	if access < Anyone || access > Edge {
		panic("route " + id + " does not say who may call it")
	}
	if _, twice := r.server.access[id]; twice {
		panic("two routes are called " + id)
	}
	rt := route{body: r.server.config.BodyLimitBytes, lasts: r.server.config.RequestDeadline}
	for _, o := range opts {
		o(&rt)
	}
	full := "/api/v1/" + r.room + strings.TrimSuffix(path, "/")
	op := huma.Operation{
		OperationID: id, Method: method, Path: full,
		Tags: []string{r.room}, Summary: summary, DefaultStatus: rt.status,
		MaxBodyBytes: int64(rt.body),
		Extensions:   map[string]any{"x-access": access.String()},
		Middlewares:  huma.Middlewares{r.server.admit(access, rt)},
		Responses:    map[string]*huma.Response{"default": problemResponse(r.server.api)},
	}
	switch access {
	case Anyone:
	case Edge: // what agents send carries its own identity, so that it is done once
		op.Security = []map[string][]string{{"edge": {}}}
	default:
		op.Security = []map[string][]string{{"session": {}}}
		if method != http.MethodGet {
			op.Middlewares = append(op.Middlewares, r.server.idempotent(id, rt))
			op.Parameters = []*huma.Param{idempotencyParam(rt.needKey)}
		}
	}
	if rt.streams != nil {
		op.Responses["200"] = streamResponse(rt.streams)
	}
	if rt.body > r.server.config.BodyLimitBytes {
		r.server.large[full] = rt.body
	}
	r.server.access[id] = access
	huma.Register(r.server.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, r.server.problem(ctx, err)
		}
		return out, nil
	})
}

// admit puts the deadline and the caller's identity in the context and counts the request, or refuses.
func (s *Server) admit(access Access, rt route) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		ctx, cancel := context.WithTimeout(c.Context(), rt.lasts)
		defer cancel()
		var who customer.Identity
		var err error
		switch access {
		case Anyone:
		case Edge:
			if err = s.agent(ctx); err == nil {
				next(huma.WithContext(c, ctx))
				return
			}
		default:
			if who, err = s.Authenticate(ctx, cookie(ctx, s.cookieName(accessCookie))); err == nil {
				ctx = customer.With(ctx, who)
				note(ctx, who.ID)
			}
		}
		// Whoever is refused for having no session is counted as a stranger: guessing costs as much as asking.
		if limited := s.admitted(ctx, who.ID, rt); limited != nil {
			err = limited
		}
		switch {
		case err != nil:
		case access == Active && who.Suspended:
			err = ErrSuspended
		case access == Operator && !who.Operator:
			err = ErrOperatorsOnly
		}
		if err != nil {
			s.refuse(huma.WithContext(c, ctx), err)
			return
		}
		next(huma.WithContext(c, ctx))
	}
}

// Operations lists every operation id with its access, for the test that walks the router.
func (s *Server) Operations() map[string]Access { return s.access }

func indented(v any) ([]byte, error) {
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the API description: %w", err)
	}
	return append(out, '\n'), nil
}
