package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/google/uuid"

	"suiftly/internal/fault"
	"suiftly/internal/sui"
)

// Challenge is the text a wallet signs to sign in. It moves no funds, works once and is bound to the address it names and
// to the browser that asked for it.
type Challenge struct {
	ID        uuid.UUID
	Message   string
	ExpiresAt time.Time
}

var (
	ErrAddress       = fault.New(fault.Invalid, "auth.address", "This is not a Sui address.").With(fault.Field{Name: "address", Message: "0x and up to 64 hex digits"})
	ErrChallengeOver = fault.New(fault.Unauthenticated, "auth.challenge_over", "This sign-in request has expired or was used already. Ask for a new one.")
)

// Challenge writes the text to sign. preAuth is the browser's secret from an earlier challenge, or ""; the secret to keep
// in the browser comes back. Neither it nor the nonce is stored, only their hashes.
func (m *Module) Challenge(ctx context.Context, address, preAuth string) (Challenge, string, error) {
	a, err := sui.ParseAddress(address)
	if err != nil {
		return Challenge{}, "", ErrAddress.Because(err)
	}
	if len(preAuth) != len(rand.Text()) {
		preAuth = rand.Text()
	}
	issued := m.kit.Now().UTC().Truncate(time.Second)
	c := Challenge{ID: uuid.New(), ExpiresAt: issued.Add(m.config.Challenge)}
	c.Message, err = sui.SignInMessage(sui.SignIn{
		Domain: m.domain, URI: m.origin, Address: a, ChainID: "sui:" + m.config.Network,
		Nonce: rand.Text(), IssuedAt: issued, ExpiresAt: c.ExpiresAt,
	})
	if err != nil {
		return Challenge{}, "", err
	}
	if err := addChallenge(ctx, m.kit.DB, c, a.String(), issued, hash(preAuth)); err != nil {
		return Challenge{}, "", fmt.Errorf("keep challenge: %w", err)
	}
	return c, preAuth, nil
}

func hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
