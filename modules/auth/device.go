package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"suiftly/internal/audit"
	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/pg"
)

// ErrNoSession answers for a session that does not exist, is over, or is another customer's: which one is not said.
var ErrNoSession = fault.New(fault.NotFound, "auth.no_session", "There is no such session.")

// Device is a live session as its owner sees it: enough to recognise it, too little to place it.
type Device struct {
	Session    uuid.UUID `db:"session_id"`
	CreatedAt  time.Time `db:"created_at"`
	LastUsedAt time.Time `db:"last_used_at"` // as of its last renewal
	ExpiresAt  time.Time `db:"expires_at"`   // unless it is renewed
	UserAgent  string    `db:"user_agent"`
	IPPrefix   string    `db:"ip_prefix"`
}

// Devices lists the customer's live sessions, the last used first.
func (m *Module) Devices(ctx context.Context, q pg.Q, id customer.ID) ([]Device, error) {
	devices, err := listDevices(ctx, q, id, m.kit.Now())
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return devices, nil
}

// EndSession ends one of the customer's sessions. Every replica refuses it within liveFor.
func (m *Module) EndSession(ctx context.Context, id customer.ID, session uuid.UUID) error {
	defer m.live.forget(session.String()) // after the commit: before it, it would be read again as live
	return pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		ended, err := revokeOwnSession(ctx, tx, id, session, "ended by its owner", m.kit.Now())
		if err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		if !ended {
			return ErrNoSession
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "auth.session_ended", Subject: session.String(), Customer: id})
	})
}

// EndOtherSessions ends all of the customer's sessions but keep, and says how many there were.
func (m *Module) EndOtherSessions(ctx context.Context, id customer.ID, keep string) (ended int, err error) {
	kept, err := uuid.Parse(keep)
	if err != nil {
		return 0, errors.New("the caller has no session")
	}
	var ids []string
	err = pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		var err error
		ids, err = revokeSessionsBut(ctx, tx, id, kept, "ended by its owner from another session", m.kit.Now())
		if err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
		if ended = len(ids); ended == 0 {
			return nil
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "auth.other_sessions_ended", Subject: keep, Customer: id, Detail: map[string]any{"ended": ended}})
	})
	for _, session := range ids {
		m.live.forget(session)
	}
	return ended, err
}
