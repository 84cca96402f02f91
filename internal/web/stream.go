package web

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"suiftly/internal/audit"
	"suiftly/internal/customer"
)

const (
	// A revoked session is refused by every replica within 5 s, on a stream that is open too; what Authenticate remembers is part of that.
	streamAsks = 2 * time.Second
	// A client that takes nothing for this long is gone.
	streamStalls = 30 * time.Second
)

// Streaming is an answer that is sent while it is made, in constant memory.
type Streaming struct {
	ContentType string
	FileName    string // set: a browser saves it under this name
	Gzip        bool   // where the client takes it
	Endless     bool   // lasts until the client goes, the session ends or the replica drains; the client is to come back
	// Write makes the answer. Its context is its own: the handler's ends with the handler. An error breaks the answer off, so that
	// the client can tell it from a whole one (RFC 9112 section 8).
	Write func(ctx context.Context, w *bufio.Writer) error
}

// Stream adds a read whose answer is a Streaming of one of the content types. It goes through the same checks as every route.
func Stream[I any](r *Router, path, name string, access Access, summary string, contentTypes []string, h func(context.Context, *I) (*Streaming, error), opts ...Option) {
	s := r.server
	opts = append(opts, func(rt *route) { rt.streams = contentTypes })
	Get(r, path, name, access, summary, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
		answer, err := h(ctx, in)
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(c huma.Context) { s.stream(c.Context(), answer) }}, nil
	}, opts...)
}

func streamResponse(contentTypes []string) *huma.Response {
	content := map[string]*huma.MediaType{}
	for _, t := range contentTypes {
		content[t] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	return &huma.Response{Description: "A stream", Content: content}
}

// stream gives fiber a body that it reads as it is made: huma's own streams are buffered by its fiber adapter.
func (s *Server) stream(ctx context.Context, a *Streaming) {
	e := exchangeFrom(ctx)
	who := customer.IdentityFrom(ctx)
	token := cookie(ctx, s.cookieName(accessCookie))
	e.fiber.Set(fiber.HeaderContentType, a.ContentType)
	if a.FileName != "" {
		e.fiber.Attachment(a.FileName)
		e.fiber.Set(fiber.HeaderContentType, a.ContentType)
	}
	zip := a.Gzip && strings.Contains(e.fiber.Get(fiber.HeaderAcceptEncoding), "gzip")
	if a.Gzip {
		e.fiber.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	}
	if zip {
		e.fiber.Set(fiber.HeaderContentEncoding, "gzip")
	}
	if a.Endless {
		e.fiber.Set("X-Accel-Buffering", "no")
	}
	out, in := io.Pipe()
	e.fiber.Context().SetBodyStream(&body{out, e.fiber.Context().Conn()}, -1)

	id := e.caller.RequestID
	own, stop := context.WithCancelCause(audit.WithRequest(customer.With(context.Background(), who), id))
	// Also while the client takes nothing: then Write stands in the pipe.
	context.AfterFunc(own, func() {
		if a.Endless { // the client comes back and is told why it may not
			in.Close()
			return
		}
		in.CloseWithError(context.Cause(own))
	})
	var drained <-chan struct{}
	if a.Endless {
		drained = s.draining
	}
	go s.keepAsking(own, stop, who, token, drained)
	go func() {
		err := write(own, in, zip, a)
		in.CloseWithError(err)
		if err != nil && own.Err() == nil && !errors.Is(err, io.ErrClosedPipe) {
			s.log.Warn("stream broken off", "request_id", id, "error", err)
		}
		stop(nil)
	}()
}

// write runs the answer's maker; a panic in it breaks off this answer and nothing else.
func write(ctx context.Context, out io.Writer, zip bool, a *Streaming) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if !zip {
		w := bufio.NewWriterSize(out, 32<<10)
		return errors.Join(a.Write(ctx, w), w.Flush())
	}
	packed := gzip.NewWriter(out)
	w := bufio.NewWriterSize(packed, 32<<10)
	if err := a.Write(ctx, w); err != nil {
		return err
	}
	return errors.Join(w.Flush(), packed.Close())
}

// keepAsking ends the stream when its session has ended or belongs to somebody else, and when drained is closed.
func (s *Server) keepAsking(ctx context.Context, stop context.CancelCauseFunc, who customer.Identity, token string, drained <-chan struct{}) {
	tick := time.NewTicker(streamAsks)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-drained:
			stop(nil)
			return
		case <-tick.C:
		}
		now, err := s.Authenticate(ctx, token)
		if err == nil && now.ID != who.ID {
			err = ErrSignInNeeded
		}
		if err != nil {
			stop(err)
			return
		}
	}
}

// body is a pipe whose reader gives the client time anew with each piece: the server's own limit is for a whole answer.
type body struct {
	*io.PipeReader
	conn net.Conn
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.PipeReader.Read(p)
	if deadline := b.conn.SetWriteDeadline(time.Now().Add(streamStalls)); deadline != nil && err == nil {
		return n, deadline
	}
	return n, err
}
