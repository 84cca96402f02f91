package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/web"
)

// Authenticate turns an access token into who is asking. A revoked session is refused within liveFor on every replica.
func (m *Module) Authenticate(ctx context.Context, accessToken string) (customer.Identity, error) {
	if accessToken == "" {
		return customer.Identity{}, web.ErrSignInNeeded
	}
	id, session, err := m.keys.ring.Load().readAccess(accessToken, m.kit.Now())
	if errors.Is(err, errUnknownKey) && m.keys.lookNow() {
		id, session, err = m.keys.ring.Load().readAccess(accessToken, m.kit.Now())
	}
	if err != nil {
		return customer.Identity{}, web.ErrSignInNeeded.Because(err)
	}
	state, err := m.live.state(session, func() (sessionState, error) { return readSessionState(ctx, m.kit.DB, session) })
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return customer.Identity{}, ErrSessionOver.Because(errors.New("no such session"))
	case err != nil:
		return customer.Identity{}, fmt.Errorf("check session: %w", err)
	case state.Revoked || state.Status == StatusClosed || state.Customer != id:
		return customer.Identity{}, ErrSessionOver.Because(errors.New("session revoked"))
	}
	return customer.Identity{
		ID: id, Address: state.Address, SessionID: session, Operator: m.operators[state.Address], Suspended: state.Status == StatusSuspended,
	}, nil
}

// liveFor is how long a session's state is believed without asking the database again. The rules allow five seconds; with less
// than one a stolen family is dead everywhere within a second, and a busy session still costs one query a second.
const liveFor = 900 * time.Millisecond

// liveSessions remembers for liveFor that a session is good, so that most requests cost no query.
type liveSessions struct {
	now  func() time.Time
	mu   sync.Mutex
	seen map[string]seenSession
}

type seenSession struct {
	state sessionState
	at    time.Time
}

func newLiveSessions(now func() time.Time) *liveSessions {
	return &liveSessions{now: now, seen: map[string]seenSession{}}
}

func (l *liveSessions) state(session string, read func() (sessionState, error)) (sessionState, error) {
	now := l.now()
	l.mu.Lock()
	s, ok := l.seen[session]
	l.mu.Unlock()
	if age := now.Sub(s.at); ok && age >= 0 && age < liveFor {
		return s.state, nil
	}
	state, err := read()
	if err != nil {
		return state, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.seen) >= 50_000 { // forget what is stale before growing further
		for id, s := range l.seen {
			if now.Sub(s.at) >= liveFor {
				delete(l.seen, id)
			}
		}
	}
	l.seen[session] = seenSession{state, now}
	return state, nil
}

func (l *liveSessions) forget(session string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.seen, session)
}
