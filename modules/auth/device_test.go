package auth

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"suiftly/internal/jobs"
	"suiftly/internal/sui/suitest"
)

func TestDevices(t *testing.T) {
	t.Parallel()
	alice, bob := suitest.NewWallet(1), suitest.NewWallet(2)
	sessionOf := func(t *testing.T, r room, g Granted) uuid.UUID {
		t.Helper()
		who, err := r.Authenticate(t.Context(), g.Session.Access)
		if err != nil {
			t.Fatal(err)
		}
		return uuid.MustParse(who.SessionID)
	}
	t.Run("the list shows live sessions only, the last used first, and no address", func(t *testing.T) {
		r := setup(t)
		first := r.signIn(t, alice)
		r.later(time.Minute)
		gone := r.signIn(t, alice)
		r.signIn(t, bob)
		if err := r.Logout(t.Context(), gone.Session.Refresh); err != nil {
			t.Fatal(err)
		}
		r.later(time.Minute)
		last := r.signIn(t, alice)
		r.later(time.Minute)
		if _, err := r.Refresh(t.Context(), first.Session.Refresh); err != nil {
			t.Fatal(err)
		}
		devices, err := r.Devices(t.Context(), r.kit.DB, first.Customer.ID)
		if err != nil || len(devices) != 2 {
			t.Fatalf("got %+v, %v", devices, err)
		}
		d := devices[0]
		if d.Session != sessionOf(t, r, first) || devices[1].Session != sessionOf(t, r, last) || d.UserAgent != "test" || d.IPPrefix != "203.0.113.0/24" ||
			!d.LastUsedAt.Equal(r.now()) || !d.CreatedAt.Equal(r.now().Add(-3*time.Minute)) || !d.ExpiresAt.Equal(r.now().Add(7*day)) {
			t.Errorf("got %+v", devices)
		}
	})
	t.Run("a session nobody used for seven days is not listed", func(t *testing.T) {
		r := setup(t)
		g := r.signIn(t, alice)
		r.later(7 * day)
		if devices, err := r.Devices(t.Context(), r.kit.DB, g.Customer.ID); err != nil || len(devices) != 0 {
			t.Errorf("got %+v, %v", devices, err)
		}
	})
	t.Run("an ended session is refused here at once, elsewhere within five seconds, and cannot be renewed", func(t *testing.T) {
		r := setup(t)
		other := r.replica(t, oldKey)
		mine, lost := r.signIn(t, alice), r.signIn(t, alice)
		if _, err := other.Authenticate(t.Context(), lost.Session.Access); err != nil {
			t.Fatal(err)
		}
		if err := r.EndSession(t.Context(), lost.Customer.ID, sessionOf(t, r, lost)); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Authenticate(t.Context(), lost.Session.Access); !errors.Is(err, ErrSessionOver) {
			t.Errorf("here: %v", err)
		}
		r.later(5 * time.Second)
		if _, err := other.Authenticate(t.Context(), lost.Session.Access); !errors.Is(err, ErrSessionOver) {
			t.Errorf("there: %v", err)
		}
		if _, err := other.Refresh(t.Context(), lost.Session.Refresh); !errors.Is(err, ErrSessionOver) {
			t.Errorf("its refresh token: %v", err)
		}
		if _, err := other.Authenticate(t.Context(), mine.Session.Access); err != nil {
			t.Errorf("the other session: %v", err)
		}
		if err := r.EndSession(t.Context(), lost.Customer.ID, uuid.MustParse("00000000-0000-4000-8000-000000000000")); !errors.Is(err, ErrNoSession) {
			t.Errorf("one that never was: %v", err)
		}
	})
	t.Run("nobody ends the session of somebody else", func(t *testing.T) {
		r := setup(t)
		a, b := r.signIn(t, alice), r.signIn(t, bob)
		if err := r.EndSession(t.Context(), b.Customer.ID, sessionOf(t, r, a)); !errors.Is(err, ErrNoSession) {
			t.Errorf("got %v", err)
		}
		if ended, err := r.EndOtherSessions(t.Context(), b.Customer.ID, sessionOf(t, r, b).String()); err != nil || ended != 0 {
			t.Errorf("ended %d, %v", ended, err)
		}
		if _, err := r.Authenticate(t.Context(), a.Session.Access); err != nil {
			t.Error(err)
		}
	})
	t.Run("all others end, this one stays, one audit entry tells", func(t *testing.T) {
		r := setup(t)
		lost := []Granted{r.signIn(t, alice), r.signIn(t, alice), r.signIn(t, alice)}
		mine := r.signIn(t, alice)
		for range 2 { // the second time there is nothing left to do
			if _, err := r.EndOtherSessions(t.Context(), mine.Customer.ID, sessionOf(t, r, mine).String()); err != nil {
				t.Fatal(err)
			}
		}
		for _, g := range lost {
			if _, err := r.Authenticate(t.Context(), g.Session.Access); !errors.Is(err, ErrSessionOver) {
				t.Errorf("another: %v", err)
			}
		}
		if _, err := r.Authenticate(t.Context(), mine.Session.Access); err != nil {
			t.Errorf("this one: %v", err)
		}
		var entries int
		if err := r.kit.DB.Get(&entries, `select count(*) from ops.audit where action = 'auth.other_sessions_ended' and detail->>'ended' = '3'`); err != nil || entries != 1 {
			t.Errorf("%d audit entries, %v", entries, err)
		}
	})
	t.Run("the sweep takes run-out tokens and keeps living sessions", func(t *testing.T) {
		r := setup(t)
		g := r.signIn(t, alice)
		for range 3 {
			r.later(3 * day)
			next, err := r.Refresh(t.Context(), g.Session.Refresh)
			if err != nil {
				t.Fatal(err)
			}
			g = next
		}
		if err := r.sweep(t.Context(), jobs.Run{Due: r.now()}); err != nil {
			t.Fatal(err)
		}
		var tokens int
		if err := r.kit.DB.Get(&tokens, `select count(*) from auth.refresh_tokens`); err != nil || tokens != 3 {
			t.Errorf("%d tokens, %v", tokens, err)
		}
		if _, err := r.Refresh(t.Context(), g.Session.Refresh); err != nil {
			t.Error(err)
		}
	})
}
