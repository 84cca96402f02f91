package web

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// agent lets a caller in who has an edge agent's token. Whoever has none is counted as a stranger; agents are not counted:
// they are known machines, and a limit would hold up lines that are paid for.
func (s *Server) agent(ctx context.Context) error {
	e := exchangeFrom(ctx)
	name, ok := s.Agent(bearer(e.fiber.Get(fiber.HeaderAuthorization)))
	if !ok {
		if err := s.admitted(ctx, 0, route{}); err != nil {
			return err
		}
		return ErrTokenNeeded
	}
	e.agent = name
	return nil
}

// bearer gives the token of an Authorization header (RFC 6750 section 2.1), or "".
func bearer(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// received lets a body be larger than web.body_limit_bytes where a route takes it and its caller is an agent, before the
// body is read: nobody else may fill the memory.
func (s *Server) received(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	path, _, _ := strings.Cut(string(h.RequestURI()), "?")
	bytes := s.large[strings.TrimSuffix(path, "/")]
	if bytes == 0 {
		return fasthttp.RequestConfig{}
	}
	if _, ok := s.Agent(bearer(string(h.Peek(fiber.HeaderAuthorization)))); !ok {
		return fasthttp.RequestConfig{}
	}
	return fasthttp.RequestConfig{MaxRequestBodySize: bytes}
}

// EdgeFrom gives the name of the edge agent that calls, on a route of Edge access.
func EdgeFrom(ctx context.Context) string { return exchangeFrom(ctx).agent }

// ContentEncoding tells how the body of a route with Body is compressed, as the caller named it; "" is not at all.
func ContentEncoding(ctx context.Context) string { return exchangeFrom(ctx).encoding }
