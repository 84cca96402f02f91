// Package customer says who is asking: the id that every room shares, carried in the context.
package customer

import "context"

// ID is a customer's number. Zero is nobody; real ids start at 1001.
type ID int64

// Identity is the signed-in caller of a request.
type Identity struct {
	ID        ID
	Address   string // 0x + 64 lower-case hex
	SessionID string // the refresh-token family, a UUID
	Operator  bool   // listed in auth.operators
	Suspended bool   // may read, deposit and pay, not configure
}

type key struct{}

// With returns a context in which From and IdentityFrom answer who.
func With(ctx context.Context, who Identity) context.Context {
	return context.WithValue(ctx, key{}, who)
}

// From gives the signed-in customer's id, or zero.
func From(ctx context.Context) ID { return IdentityFrom(ctx).ID }

// IdentityFrom gives the signed-in caller, or the zero Identity.
func IdentityFrom(ctx context.Context) Identity {
	who, _ := ctx.Value(key{}).(Identity)
	return who
}
