package auth

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"suiftly/internal/sui/suitest"
)

func TestRefresh(t *testing.T) {
	t.Parallel()
	wallet := suitest.NewWallet(1)
	t.Run("ten tabs refreshing at once for an hour of expiries: no logout", func(t *testing.T) {
		r := setup(t)
		replicas := []room{r, r.replica(t, oldKey), r.replica(t, oldKey)}
		jar := r.signIn(t, wallet).Session.Refresh // the tabs share one cookie jar
		for range 4 {
			r.later(15 * time.Minute)
			var group sync.WaitGroup
			answers := make([]string, 10)
			for i := range answers {
				group.Go(func() {
					g, err := replicas[i%3].Refresh(t.Context(), jar)
					if err != nil {
						t.Error(err)
						return
					}
					if _, err := replicas[(i+1)%3].Authenticate(t.Context(), g.Session.Access); err != nil {
						t.Error(err)
					}
					answers[i] = g.Session.Refresh
				})
			}
			group.Wait()
			for _, a := range answers {
				if a != answers[0] || a == jar {
					t.Fatalf("the tabs were given different successors")
				}
			}
			jar = answers[0]
		}
	})
	t.Run("a slow tab inside the grace is given the newest token, not an older one", func(t *testing.T) {
		r := setup(t)
		t0 := r.signIn(t, wallet).Session.Refresh
		t1, err := r.Refresh(t.Context(), t0)
		if err != nil {
			t.Fatal(err)
		}
		t2, err := r.Refresh(t.Context(), t1.Session.Refresh)
		if err != nil {
			t.Fatal(err)
		}
		r.later(29 * time.Second)
		slow, err := r.Refresh(t.Context(), t0)
		if err != nil || slow.Session.Refresh != t2.Session.Refresh {
			t.Fatalf("got another token, %v", err)
		}
	})
	t.Run("a stolen token used after the grace kills its family, and only its family", func(t *testing.T) {
		r := setup(t)
		stolen := r.signIn(t, wallet).Session.Refresh
		other := r.signIn(t, wallet)
		next, err := r.Refresh(t.Context(), stolen)
		if err != nil {
			t.Fatal(err)
		}
		r.later(31 * time.Second)
		elsewhere := r.replica(t, oldKey)
		for _, replica := range []room{r, elsewhere} {
			if _, err := replica.Authenticate(t.Context(), next.Session.Access); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.Refresh(t.Context(), stolen); !errors.Is(err, ErrSessionOver) {
			t.Fatalf("the thief: %v", err)
		}
		if _, err := r.Refresh(t.Context(), next.Session.Refresh); !errors.Is(err, ErrSessionOver) {
			t.Errorf("the family: %v", err)
		}
		if _, err := r.Authenticate(t.Context(), next.Session.Access); !errors.Is(err, ErrSessionOver) {
			t.Errorf("its access token: %v", err)
		}
		r.later(time.Second)
		if _, err := elsewhere.Authenticate(t.Context(), next.Session.Access); !errors.Is(err, ErrSessionOver) {
			t.Errorf("its access token on another replica, a second later: %v", err)
		}
		var told int
		if err := r.kit.DB.Get(&told, `select count(*) from ops.audit where action = 'auth.session_ended' and detail->>'why' = 'refresh token used again'`); err != nil || told != 1 {
			t.Errorf("%d audit entries, %v", told, err)
		}
		if _, err := r.Refresh(t.Context(), other.Session.Refresh); err != nil {
			t.Errorf("another session of the same customer: %v", err)
		}
	})
	t.Run("idle for seven days is over", func(t *testing.T) {
		r := setup(t)
		g := r.signIn(t, wallet)
		r.later(7 * 24 * time.Hour)
		if _, err := r.Refresh(t.Context(), g.Session.Refresh); !errors.Is(err, ErrSessionOver) {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("no session outlives the absolute limit, however busy", func(t *testing.T) {
		r := setup(t)
		g := r.signIn(t, wallet)
		for range 15 {
			r.later(6 * 24 * time.Hour)
			next, err := r.Refresh(t.Context(), g.Session.Refresh)
			if err != nil {
				if !errors.Is(err, ErrSessionOver) {
					t.Fatal(err)
				}
				return
			}
			g = next
		}
		t.Fatal("90 days are over and the session is not")
	})
	t.Run("strangers' tokens are refused without a trace", func(t *testing.T) {
		r := setup(t)
		for _, token := range []string{"", "x", strings.Repeat("A", 43)} {
			if _, err := r.Refresh(t.Context(), token); !errors.Is(err, ErrSessionOver) {
				t.Errorf("%q: %v", token, err)
			}
			if err := r.Logout(t.Context(), token); err != nil {
				t.Errorf("logout with %q: %v", token, err)
			}
		}
	})
	t.Run("no token, nonce or address is stored or logged in the clear", func(t *testing.T) {
		r := setup(t)
		g := r.signIn(t, wallet)
		var dump string
		if err := r.kit.DB.Get(&dump, `select coalesce((select string_agg(s::text, ' ') from auth.sessions s), '') || coalesce((select string_agg(t::text, ' ') from auth.refresh_tokens t), '') || (select string_agg(a::text, ' ') from ops.audit a)`); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{g.Session.Refresh, g.Session.Access, "203.0.113.9", g.Customer.Address} {
			if strings.Contains(dump, secret) {
				t.Errorf("%q is stored: %s", secret, dump)
			}
		}
		if !strings.Contains(dump, "203.0.113.0/24") || strings.Count(dump, "auth.signed_in") != 1 {
			t.Errorf("the session's traces are incomplete: %s", dump)
		}
	})
}
