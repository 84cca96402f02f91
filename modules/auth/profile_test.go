package auth

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/sui/suitest"
)

func ptr[T any](v T) *T { return &v }

func TestProfile(t *testing.T) {
	t.Parallel()
	t.Run("a new account has an empty profile and the defaults", func(t *testing.T) {
		r := setup(t)
		c := r.signIn(t, suitest.NewWallet(1)).Customer
		if c.Name != "" || c.Email != "" || c.Version != 1 || c.Preferences.Theme != "system" || c.Preferences.PinnedServices == nil || c.Preferences.DefaultViews == nil {
			t.Fatalf("got %+v", c)
		}
	})
	t.Run("only what is named changes, with one audit entry that holds no name and no address", func(t *testing.T) {
		r := setup(t)
		id := r.signIn(t, suitest.NewWallet(1)).Customer.ID
		ctx := customer.With(t.Context(), customer.Identity{ID: id})
		c, err := r.ChangeProfile(ctx, id, 1, ProfileChange{
			Name: ptr("  Ada Lovelace "), Email: ptr("Ada@Example.COM"), TimeZone: ptr("Europe/Rome"), PinnedServices: &[]string{"seal", "grpc"},
		})
		if err != nil || c.Version != 2 {
			t.Fatalf("got %+v, %v", c, err)
		}
		c, err = r.ChangeProfile(ctx, id, 2, ProfileChange{Theme: ptr("dark"), DefaultViews: &map[string]string{"logs": "service=seal&status=5xx"}})
		if err != nil {
			t.Fatal(err)
		}
		read, err := r.Customer(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []Customer{c, read} {
			p := c.Preferences
			if c.Name != "Ada Lovelace" || c.Email != "Ada@example.com" || c.EmailVerifiedAt.Valid || c.Version != 3 || p.Theme != "dark" || p.TimeZone != "Europe/Rome" || strings.Join(p.PinnedServices, " ") != "seal grpc" || p.DefaultViews["logs"] == "" {
				t.Errorf("got %+v", c)
			}
		}
		var dump string
		var entries int
		if err := r.kit.DB.QueryRow(`select count(*), string_agg(a::text, ' ') from ops.audit a where action = 'auth.profile_changed'`).Scan(&entries, &dump); err != nil {
			t.Fatal(err)
		}
		if entries != 2 || strings.Contains(dump, "Ada") || strings.Contains(dump, "example.com") || !strings.Contains(dump, "preferences.time_zone") {
			t.Errorf("%d entries: %s", entries, dump)
		}
	})
	t.Run("saving what is there already changes nothing", func(t *testing.T) {
		r := setup(t)
		id := r.signIn(t, suitest.NewWallet(1)).Customer.ID
		c, err := r.ChangeProfile(t.Context(), id, 1, ProfileChange{Name: ptr(""), Theme: ptr("system"), PinnedServices: &[]string{}, DefaultViews: &map[string]string{}})
		var entries int
		if err2 := r.kit.DB.Get(&entries, `select count(*) from ops.audit where action = 'auth.profile_changed'`); err != nil || err2 != nil || c.Version != 1 || entries != 0 {
			t.Fatalf("version %d, %d entries, %v, %v", c.Version, entries, err, err2)
		}
	})
	t.Run("of ten changes from one version one is made, nine are refused", func(t *testing.T) {
		r := setup(t)
		id := r.signIn(t, suitest.NewWallet(1)).Customer.ID
		var made, refused atomic.Int64
		var group sync.WaitGroup
		for i := range 10 {
			group.Go(func() {
				switch _, err := r.ChangeProfile(t.Context(), id, 1, ProfileChange{Name: ptr(strings.Repeat("x", i+1))}); {
				case err == nil:
					made.Add(1)
				case errors.Is(err, ErrProfileChanged):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		group.Wait()
		if made.Load() != 1 || refused.Load() != 9 {
			t.Errorf("%d made, %d refused", made.Load(), refused.Load())
		}
	})
	t.Run("another e-mail address is not verified by the old one", func(t *testing.T) {
		p := Profile{Email: "a@example.com"}
		p.EmailVerifiedAt.Valid = true
		if same, _, _ := (ProfileChange{Email: ptr("a@example.com")}).apply(p); !same.EmailVerifiedAt.Valid {
			t.Error("the same address lost its verification")
		}
		if other, _, _ := (ProfileChange{Email: ptr("b@example.com")}).apply(p); other.EmailVerifiedAt.Valid {
			t.Error("another address inherits the verification")
		}
	})
	refused := map[string][]ProfileChange{
		"name": {{Name: ptr(strings.Repeat("é", 101))}, {Name: ptr("a\nb")}, {Name: ptr("\u202egnp.exe")}, {Name: ptr("\xff")}},
		"email": {
			{Email: ptr("nobody")}, {Email: ptr("a@b")}, {Email: ptr("Ada <a@example.com>")}, {Email: ptr("a@example.com\r\nBcc: b@example.com")},
			{Email: ptr(strings.Repeat("a", 250) + "@example.com")}, {Email: ptr(`"a b"@example.com`)}, {Email: ptr("a@[127.0.0.1]")},
		},
		"preferences.theme":     {{Theme: ptr("")}, {Theme: ptr("pink")}},
		"preferences.time_zone": {{TimeZone: ptr("Local")}, {TimeZone: ptr("Mars/Olympus")}, {TimeZone: ptr("../../etc/passwd")}},
		"preferences.pinned_services": {
			{PinnedServices: &[]string{"seal", "seal"}}, {PinnedServices: &[]string{"<script>"}}, {PinnedServices: ptr(strings.Fields(strings.Repeat("a ", 21)))},
		},
		"preferences.default_views": {
			{DefaultViews: &map[string]string{"Logs!": "a=b"}}, {DefaultViews: &map[string]string{"logs": "a b"}}, {DefaultViews: &map[string]string{"logs": strings.Repeat("a", 501)}},
		},
	}
	for field, changes := range refused {
		for _, change := range changes {
			if _, _, problems := change.apply(Profile{}); len(problems) != 1 || problems[0].Name != field || problems[0].Message == "" {
				t.Errorf("%s: %+v gives %v", field, change, problems)
			}
		}
	}
	t.Run("every refused field is named at once, and nothing is saved", func(t *testing.T) {
		r := setup(t)
		id := r.signIn(t, suitest.NewWallet(1)).Customer.ID
		_, err := r.ChangeProfile(t.Context(), id, 1, ProfileChange{Name: ptr("Ada"), Email: ptr("no"), Theme: ptr("no")})
		if !errors.Is(err, ErrBadProfile) || len(fault.Of(err).Fields) != 2 {
			t.Errorf("got %v", err)
		}
		if c, err := r.Customer(t.Context(), id); err != nil || c.Name != "" || c.Version != 1 {
			t.Errorf("saved %+v, %v", c, err)
		}
	})
}

func TestSuspension(t *testing.T) {
	t.Parallel()
	r := setup(t)
	g := r.signIn(t, suitest.NewWallet(1))
	db := r.kit.DB
	suspended := func() bool {
		t.Helper()
		r.later(liveFor)
		who, err := r.Authenticate(t.Context(), g.Session.Access)
		if err != nil {
			t.Fatal(err)
		}
		return who.Suspended
	}
	for _, step := range []struct {
		do   func() error
		want bool
		says string
	}{
		{func() error { return r.Resume(t.Context(), db, g.Customer.ID, "nonpayment") }, false, "resuming an active account"},
		{func() error { return r.Suspend(t.Context(), db, g.Customer.ID, "nonpayment") }, true, "suspending"},
		{func() error { return r.Suspend(t.Context(), db, g.Customer.ID, "abuse") }, true, "suspending again"},
		{func() error { return r.Resume(t.Context(), db, g.Customer.ID, "abuse") }, true, "resuming for another reason"},
		{func() error { return r.Resume(t.Context(), db, g.Customer.ID, "nonpayment") }, false, "resuming"},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.says, err)
		}
		if got := suspended(); got != step.want {
			t.Errorf("%s: suspended %v", step.says, got)
		}
	}
	var entries int
	if err := db.Get(&entries, `select count(*) from ops.audit where action in ('auth.suspended', 'auth.resumed')`); err != nil || entries != 2 {
		t.Errorf("%d audit entries, %v", entries, err)
	}
}
