// Package fault is the one shape of an expected failure: a kind, a stable code and a sentence a customer may read.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of failure it is. internal/web maps each kind to one HTTP status.
type Kind int

// The kinds. The zero value is Internal: an error nobody classified is never shown.
const (
	Internal          Kind = iota // 500
	Invalid                       // 422
	Unauthenticated               // 401
	InsufficientFunds             // 402
	Forbidden                     // 403
	NotFound                      // 404
	Conflict                      // 409
	TooMany                       // 429
	Unavailable                   // 503
)

// Field is one input that was refused, named as the API names it.
type Field struct {
	Name    string `json:"name" doc:"The field, as the request names it."`
	Message string `json:"message" doc:"What is wrong with it."`
}

// Error is an expected failure. Declare it once beside its rule and derive copies with With, Say, Retry and Because.
type Error struct {
	Kind       Kind
	Code       string // stable: room.reason
	Sentence   string // safe to show
	Fields     []Field
	RetryAfter time.Duration
	Current    any // of a conflict: what stands now, safe to show
	cause      error
}

// New declares a failure.
func New(kind Kind, code, sentence string) *Error {
	return &Error{Kind: kind, Code: code, Sentence: sentence}
}

// With returns a copy that names the refused fields.
func (e *Error) With(fields ...Field) *Error {
	c := *e
	c.Fields = append(append([]Field(nil), e.Fields...), fields...)
	return &c
}

// Because returns a copy with the cause, which goes to the log and never to the customer.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Retry returns a copy that says when trying again makes sense.
func (e *Error) Retry(after time.Duration) *Error {
	c := *e
	c.RetryAfter = after
	return &c
}

// Now returns a copy with what stands now, for whoever lost a race.
func (e *Error) Now(current any) *Error {
	c := *e
	c.Current = current
	return &c
}

// Say returns a copy with another sentence, for the same code. It must be safe to show.
func (e *Error) Say(format string, args ...any) *Error {
	c := *e
	c.Sentence = fmt.Sprintf(format, args...)
	return &c
}

// Error is for logs: code, sentence and cause.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.Code + ": " + e.Sentence + ": " + e.cause.Error()
	}
	return e.Code + ": " + e.Sentence
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is(err, ErrX) true for every copy of ErrX.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Of gives the fault in err's chain. An error without one is Internal, with err as its cause.
func Of(err error) *Error {
	if f, ok := errors.AsType[*Error](err); ok {
		return f
	}
	return New(Internal, "internal", "Something went wrong on our side. Try again; if it stays, contact support with the request id.").Because(err)
}
