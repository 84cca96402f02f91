package auth

import (
	"context"
	"time"

	"github.com/google/uuid"

	"suiftly/internal/sui"
	"suiftly/internal/web"
)

type challengeIn struct {
	Body struct {
		Address string `json:"address" minLength:"3" maxLength:"66" doc:"The wallet's Sui address; short and upper-case forms are normalised." example:"0x2"`
	}
}

type challengeOut struct {
	Body signInChallenge
}

type signInChallenge struct {
	ID        uuid.UUID `json:"challenge_id" doc:"Send it back with the signature."`
	Message   string    `json:"message" doc:"The exact text to sign as a Sui personal message."`
	ExpiresAt time.Time `json:"expires_at"`
}

type verifyIn struct {
	Body struct {
		ID        uuid.UUID `json:"challenge_id"`
		Message   string    `json:"message" minLength:"1" maxLength:"2000" doc:"The text of the challenge, exactly as it was signed."`
		Signature string    `json:"signature" minLength:"4" maxLength:"16384" doc:"The serialized Sui signature, base64."`
	}
}

type signedInOut struct {
	Body signedIn
}

type signedIn struct {
	Customer        customerProfile `json:"customer"`
	AccessExpiresAt time.Time       `json:"access_expires_at" doc:"Renew the session before this."`
}

func (m *Module) postChallenge(ctx context.Context, in *challengeIn) (*challengeOut, error) {
	address, err := sui.ParseAddress(in.Body.Address)
	if err != nil {
		return nil, ErrAddress.Because(err)
	}
	_, perAddress, _ := m.config.Limits.limits()
	if err := web.Take(ctx, perAddress, m.asker(address.String(), web.KnownBrowser(ctx))); err != nil {
		return nil, err
	}
	c, preAuth, err := m.Challenge(ctx, address.String(), web.PreAuth(ctx))
	if err != nil {
		return nil, err
	}
	web.SetPreAuth(ctx, preAuth, c.ExpiresAt)
	return &challengeOut{signInChallenge(c)}, nil
}

// asker is who a challenge for the address counts against: browsers that have signed in with it share one count, the rest of the
// world another, so that nobody who merely knows an address can keep its owner out.
func (m *Module) asker(address, mark string) string {
	if m.keys.ring.Load().knows(mark, address) {
		return "owner/" + address
	}
	return address
}

func (m *Module) postVerify(ctx context.Context, in *verifyIn) (*signedInOut, error) {
	g, err := m.Verify(ctx, in.Body.ID, in.Body.Message, in.Body.Signature, web.PreAuth(ctx), web.CallerFrom(ctx))
	if err == nil {
		now := m.kit.Now()
		web.SetKnownBrowser(ctx, m.keys.ring.Load().signer(now).known(g.Customer.Address), now.Add(m.config.SessionAbsolute))
	}
	return m.shown(ctx)(g, err)
}

func (m *Module) postRefresh(ctx context.Context, _ *struct{}) (*signedInOut, error) {
	return m.shown(ctx)(m.Refresh(ctx, web.RefreshToken(ctx)))
}

// shown gives the browser its cookies and the caller the profile; a refused refresh token takes the cookies away, so that
// the browser stops sending it.
func (m *Module) shown(ctx context.Context) func(Granted, error) (*signedInOut, error) {
	return func(g Granted, err error) (*signedInOut, error) {
		if err != nil {
			if dead(err) {
				web.ClearSession(ctx)
			}
			return nil, err
		}
		web.SetSession(ctx, g.Session)
		return &signedInOut{signedIn{Customer: m.profile(g.Customer), AccessExpiresAt: g.Session.AccessExpires}}, nil
	}
}

func (m *Module) postLogout(ctx context.Context, _ *struct{}) (*struct{}, error) {
	web.ClearSession(ctx)
	return nil, m.Logout(ctx, web.RefreshToken(ctx))
}
