package auth

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"suiftly/internal/audit"
	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/jobs"
	"suiftly/internal/pg"
	"suiftly/internal/sui"
	"suiftly/internal/web"
)

// ErrSessionOver refuses the tokens of a session that was ended, ran out or was copied.
var ErrSessionOver = fault.New(fault.Unauthenticated, "auth.session_over", "Your session has ended. Sign in again.")

// dead says whether the browser should forget its tokens.
func dead(err error) bool { return errors.Is(err, ErrSessionOver) }

// Granted is a session with its fresh tokens.
type Granted struct {
	Customer Customer
	Session  web.Session
}

// Verify turns a signed challenge into a session. The challenge is used up by the first call that names it from the
// browser that asked for it, whatever comes of the signature: of a hundred parallel calls one gets a session.
func (m *Module) Verify(ctx context.Context, challenge uuid.UUID, message, signature, preAuth string, from web.Caller) (Granted, error) {
	now := m.kit.Now()
	claimed, err := takeChallenge(ctx, m.kit.DB, challenge, hash(message), hash(preAuth), now)
	if errors.Is(err, sql.ErrNoRows) {
		return Granted{}, ErrChallengeOver
	}
	if err != nil {
		return Granted{}, fmt.Errorf("take challenge: %w", err)
	}
	address, err := sui.ParseAddress(claimed)
	if err != nil {
		return Granted{}, fmt.Errorf("stored challenge: %w", err)
	}
	if _, err := m.verifier.Check(ctx, address, []byte(message), signature); err != nil {
		return Granted{}, err
	}
	var g Granted
	err = pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		c, created, err := m.account(ctx, tx, address.String())
		if err != nil {
			return err
		}
		if c.Status == StatusClosed {
			return ErrClosed
		}
		refresh, err := newRefresh()
		if err != nil {
			return err
		}
		session := uuid.New()
		absolute := now.Add(m.config.SessionAbsolute)
		if err := addSession(ctx, tx, session, c.ID, now, absolute, from.UserAgent, web.Network(from.IP)); err != nil {
			return fmt.Errorf("add session: %w", err)
		}
		if g, err = m.grant(ctx, tx, c, session, refresh, absolute, now); err != nil {
			return err
		}
		return audit.Write(customer.With(ctx, customer.Identity{ID: c.ID}), tx, audit.Entry{
			Action: "auth.signed_in", Subject: session.String(), Customer: c.ID, Detail: map[string]any{"new_account": created},
		})
	})
	return g, err
}

// account gives the address's account, made on its first sign-in.
func (m *Module) account(ctx context.Context, tx pg.Q, address string) (c Customer, created bool, err error) {
	c, err = addCustomer(ctx, tx, address, m.kit.Now())
	if errors.Is(err, sql.ErrNoRows) {
		c, err = customerByAddress(ctx, tx, address)
		return c, false, err
	}
	if err != nil {
		return c, false, fmt.Errorf("open account: %w", err)
	}
	if err := m.OnCustomer(ctx, tx, c.ID); err != nil {
		return c, false, fmt.Errorf("open account: %w", err)
	}
	return c, true, nil
}

// grant stores the refresh token and signs an access token to go with it.
func (m *Module) grant(ctx context.Context, tx pg.Q, c Customer, session uuid.UUID, refresh string, absolute, now time.Time) (Granted, error) {
	s := web.Session{
		Refresh: refresh, RefreshExpires: earlier(now.Add(m.config.Refresh), absolute),
		AccessExpires: earlier(now.Add(m.config.Access), absolute),
	}
	if err := addRefreshToken(ctx, tx, hash(refresh), session, now, s.RefreshExpires); err != nil {
		return Granted{}, fmt.Errorf("keep refresh token: %w", err)
	}
	access, err := m.keys.ring.Load().signAccess(c.ID, session.String(), now, s.AccessExpires)
	s.Access = access
	return Granted{c, s}, err
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// successorSteps bounds how far Refresh follows tokens that parallel tabs rotated within the grace.
const successorSteps = 16

// Refresh rotates a refresh token. One that was rotated within the grace (parallel tabs) is answered with the successor it
// already has. One that was rotated longer ago has been copied: its whole family is revoked.
func (m *Module) Refresh(ctx context.Context, refresh string) (g Granted, err error) {
	now := m.kit.Now()
	grace := m.config.RefreshGrace
	stolen, family := false, uuid.Nil
	err = pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		stolen = false
		token, t := refresh, refreshToken{}
		for step := 0; ; step++ {
			if step > successorSteps {
				return ErrSessionOver.Because(errors.New("refresh token is too many rotations old"))
			}
			var err error
			t, err = lockRefreshToken(ctx, tx, hash(token))
			if errors.Is(err, sql.ErrNoRows) {
				return ErrSessionOver.Because(errors.New("unknown refresh token"))
			}
			if err != nil {
				return fmt.Errorf("read refresh token: %w", err)
			}
			if t.Revoked || !t.ExpiresAt.After(now) || !t.SessionExpires.After(now) || t.Customer.Status == StatusClosed {
				return ErrSessionOver.Because(errors.New("session revoked or expired"))
			}
			if !t.RotatedAt.Valid {
				break
			}
			if now.Sub(t.RotatedAt.Time) > grace {
				stolen, family = true, t.Session
				if err := revokeSession(ctx, tx, t.Session, "refresh token used again", now); err != nil {
					return fmt.Errorf("end session: %w", err)
				}
				return audit.Write(ctx, tx, audit.Entry{Action: "auth.session_ended", Subject: t.Session.String(), Customer: t.Customer.ID, Detail: map[string]any{"why": "refresh token used again"}})
			}
			if token, err = m.successorOf(ctx, tx, token); err != nil {
				return err
			}
		}
		if token != refresh { // the successor another tab was given; it is not rotated again
			absolute := t.SessionExpires
			g = Granted{t.Customer, web.Session{
				Refresh: token, RefreshExpires: earlier(t.ExpiresAt, absolute),
				AccessExpires: earlier(now.Add(m.config.Access), absolute),
			}}
			access, err := m.keys.ring.Load().signAccess(t.Customer.ID, t.Session.String(), now, g.Session.AccessExpires)
			g.Session.Access = access
			return err
		}
		if err := rotateRefreshToken(ctx, tx, hash(token), t.Session, now); err != nil {
			return fmt.Errorf("rotate refresh token: %w", err)
		}
		var err error
		g, err = m.grant(ctx, tx, t.Customer, t.Session, m.keys.ring.Load().successors(token, now)[0], t.SessionExpires, now)
		return err
	})
	if err == nil && stolen {
		m.live.forget(family.String())
		m.kit.Log.Warn("a refresh token was used again after its grace: session revoked", "session", family.String())
		err = ErrSessionOver.Because(errors.New("refresh token used again"))
	}
	return g, err
}

func (m *Module) successorOf(ctx context.Context, tx pg.Q, token string) (string, error) {
	for _, next := range m.keys.ring.Load().successors(token, m.kit.Now()) {
		known, err := hasRefreshToken(ctx, tx, hash(next))
		if err != nil {
			return "", fmt.Errorf("find successor: %w", err)
		}
		if known {
			return next, nil
		}
	}
	return "", ErrSessionOver.Because(errors.New("the successor was made with a key that is gone"))
}

// Logout revokes the session of a refresh token; an unknown or empty token is nobody's and no error.
func (m *Module) Logout(ctx context.Context, refresh string) error {
	now := m.kit.Now()
	var session uuid.UUID
	err := pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		t, err := lockRefreshToken(ctx, tx, hash(refresh))
		if errors.Is(err, sql.ErrNoRows) || err == nil && t.Revoked {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read refresh token: %w", err)
		}
		if err := revokeSession(ctx, tx, t.Session, "signed out", now); err != nil {
			return err
		}
		session = t.Session
		return audit.Write(customer.With(ctx, customer.Identity{ID: t.Customer.ID}), tx, audit.Entry{
			Action: "auth.signed_out", Subject: t.Session.String(), Customer: t.Customer.ID,
		})
	})
	m.live.forget(session.String())
	return err
}

func (m *Module) sweep(ctx context.Context, run jobs.Run) error {
	if err := sweepExpired(ctx, m.kit.DB, run.Due); err != nil {
		return fmt.Errorf("sweep expired challenges and sessions: %w", err)
	}
	return nil
}

func newRefresh() (string, error) {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return "", fmt.Errorf("draw refresh token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(secret), nil
}
