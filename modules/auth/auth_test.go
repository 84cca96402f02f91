package auth

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"suiftly/internal/customer"
	"suiftly/internal/host"
	"suiftly/internal/jobs"
	"suiftly/internal/pg"
	"suiftly/internal/pgtest"
	"suiftly/internal/sui"
	"suiftly/internal/sui/suitest"
	"suiftly/internal/web"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	oldKey = "0123456789abcdef0123456789abcdef"
	newKey = "fedcba9876543210fedcba9876543210"
)

// room is an auth room whose clock the test turns.
type room struct {
	*Module
	clock *atomic.Int64 // unix nanoseconds
}

func (r room) now() time.Time        { return time.Unix(0, r.clock.Load()).UTC() }
func (r room) later(d time.Duration) { r.clock.Add(int64(d)) }
func (r room) replica(t *testing.T, keys ...string) room {
	t.Helper()
	c := DefaultConfig()
	c.SigningKeys, c.Operators = keys, []string{suitest.NewWallet(9).Address().String()}
	m, err := New(host.Kit{DB: r.kit.DB, Log: slog.New(slog.DiscardHandler), Now: r.now}, c, "https://dash.example.com")
	if err != nil {
		t.Fatal(err)
	}
	return room{m, r.clock}
}

func setup(t *testing.T) room {
	t.Helper()
	r := room{&Module{kit: host.Kit{DB: pgtest.DB(t)}}, &atomic.Int64{}}
	r.clock.Store(time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC).UnixNano())
	return r.replica(t, oldKey)
}

var caller = web.Caller{IP: netip.MustParseAddr("203.0.113.9"), UserAgent: "test"}

func (r room) signIn(t *testing.T, w suitest.Wallet) Granted {
	t.Helper()
	g, err := r.trySignIn(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (r room) trySignIn(ctx context.Context, w suitest.Wallet) (Granted, error) {
	c, preAuth, err := r.Challenge(ctx, w.Address().String(), "")
	if err != nil {
		return Granted{}, err
	}
	return r.Verify(ctx, c.ID, c.Message, w.SignPersonalMessage(c.Message), preAuth, caller)
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	alice, bob := suitest.NewWallet(1), suitest.NewWallet(2)
	t.Run("one address is one account, however it is written", func(t *testing.T) {
		r := setup(t)
		first := r.signIn(t, alice)
		if first.Customer.ID < 1001 || first.Customer.Address != alice.Address().String() || first.Customer.Status != "active" {
			t.Fatalf("got %+v", first.Customer)
		}
		c, preAuth, err := r.Challenge(t.Context(), "0x"+strings.ToUpper(alice.Address().String()[2:]), "")
		if err != nil {
			t.Fatal(err)
		}
		again, err := r.Verify(t.Context(), c.ID, c.Message, alice.SignPersonalMessage(c.Message), preAuth, caller)
		if err != nil || again.Customer.ID != first.Customer.ID {
			t.Fatalf("got %+v, %v", again.Customer, err)
		}
	})
	t.Run("the text says who asks, for what, and until when", func(t *testing.T) {
		r := setup(t)
		c, _, err := r.Challenge(t.Context(), "0x2", "")
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"dash.example.com wants", "0x" + strings.Repeat("0", 63) + "2\n", sui.Purpose, "URI: https://dash.example.com\n", "Chain ID: sui:testnet\n", "Issued At: 2026-11-24T10:00:00Z\n", "Expiration Time: 2026-11-24T10:05:00Z"} {
			if !strings.Contains(c.Message, part) {
				t.Errorf("no %q in:\n%s", part, c.Message)
			}
		}
	})
	t.Run("not an address", func(t *testing.T) {
		for _, a := range []string{"", "0x", "0xzz", "alice", "0x" + strings.Repeat("0", 65), "0x\x00"} {
			if _, _, err := setup(t).Challenge(t.Context(), a, ""); !errors.Is(err, ErrAddress) {
				t.Errorf("%q: %v", a, err)
			}
		}
	})
	t.Run("100 parallel verifies of one signature: one session, 99 refusals, one customer", func(t *testing.T) {
		r := setup(t)
		var born atomic.Int64
		r.OnCustomer = func(context.Context, pg.Q, customer.ID) error { born.Add(1); return nil }
		c, preAuth, err := r.Challenge(t.Context(), alice.Address().String(), "")
		if err != nil {
			t.Fatal(err)
		}
		signature := alice.SignPersonalMessage(c.Message)
		var group sync.WaitGroup
		var in, refused atomic.Int64
		for range 100 {
			group.Go(func() {
				switch _, err := r.Verify(t.Context(), c.ID, c.Message, signature, preAuth, caller); {
				case err == nil:
					in.Add(1)
				case errors.Is(err, ErrChallengeOver):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		group.Wait()
		var customers, sessions int
		if err := r.kit.DB.QueryRow(`select (select count(*) from auth.customers), (select count(*) from auth.sessions)`).Scan(&customers, &sessions); err != nil {
			t.Fatal(err)
		}
		if in.Load() != 1 || refused.Load() != 99 || born.Load() != 1 || customers != 1 || sessions != 1 {
			t.Errorf("%d in, %d refused, %d born, %d customers, %d sessions", in.Load(), refused.Load(), born.Load(), customers, sessions)
		}
	})
	t.Run("32 first sign-ins of one wallet at once are one account", func(t *testing.T) {
		r := setup(t)
		var group sync.WaitGroup
		ids := make([]customer.ID, 32)
		for i := range ids {
			group.Go(func() {
				g, err := r.trySignIn(t.Context(), bob)
				if err != nil {
					t.Error(err)
				}
				ids[i] = g.Customer.ID
			})
		}
		group.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Errorf("accounts %v", ids)
				break
			}
		}
	})
	for name, break1 := range map[string]func(c *Challenge, signature, preAuth *string){
		"another browser":            func(_ *Challenge, _, preAuth *string) { *preAuth = "ANOTHERBROWSERSSECRET00000" },
		"no browser secret":          func(_ *Challenge, _, preAuth *string) { *preAuth = "" },
		"another text":               func(c *Challenge, s, _ *string) { c.Message += " "; *s = alice.SignPersonalMessage(c.Message) },
		"another challenge":          func(c *Challenge, _, _ *string) { c.ID = uuid.New() },
		"another wallet's signature": func(c *Challenge, s, _ *string) { *s = bob.SignPersonalMessage(c.Message) },
		"a broken signature":         func(_ *Challenge, s, _ *string) { *s = (*s)[:20] + "AAAA" + (*s)[24:] },
		"no signature at all":        func(_ *Challenge, s, _ *string) { *s = "" },
	} {
		t.Run("refused: "+name, func(t *testing.T) {
			r := setup(t)
			c, preAuth, err := r.Challenge(t.Context(), alice.Address().String(), "")
			if err != nil {
				t.Fatal(err)
			}
			signature := alice.SignPersonalMessage(c.Message)
			break1(&c, &signature, &preAuth)
			if g, err := r.Verify(t.Context(), c.ID, c.Message, signature, preAuth, caller); err == nil {
				t.Fatalf("signed in as %+v", g.Customer)
			}
		})
	}
	t.Run("a challenge expires", func(t *testing.T) {
		r := setup(t)
		c, preAuth, err := r.Challenge(t.Context(), alice.Address().String(), "")
		if err != nil {
			t.Fatal(err)
		}
		r.later(5 * time.Minute)
		if _, err := r.Verify(t.Context(), c.ID, c.Message, alice.SignPersonalMessage(c.Message), preAuth, caller); !errors.Is(err, ErrChallengeOver) {
			t.Fatalf("got %v", err)
		}
		if err := r.sweep(t.Context(), jobs.Run{Due: r.now().Add(time.Second)}); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := r.kit.DB.Get(&left, `select count(*) from auth.challenges`); err != nil || left != 0 {
			t.Fatalf("%d challenges left, %v", left, err)
		}
	})
	t.Run("a failed welcome opens no account", func(t *testing.T) {
		r := setup(t)
		r.OnCustomer = func(context.Context, pg.Q, customer.ID) error { return errors.New("no") }
		if _, err := r.trySignIn(t.Context(), alice); err == nil {
			t.Fatal("signed in")
		}
		var n int
		if err := r.kit.DB.Get(&n, `select count(*) from auth.customers`); err != nil || n != 0 {
			t.Fatalf("%d customers, %v", n, err)
		}
	})
	t.Run("a closed account stays closed", func(t *testing.T) {
		r := setup(t)
		g := r.signIn(t, alice)
		r.kit.DB.MustExec(`update auth.customers set status = 'closed'`)
		if _, err := r.trySignIn(t.Context(), alice); !errors.Is(err, ErrClosed) {
			t.Errorf("sign-in: %v", err)
		}
		if _, err := r.Refresh(t.Context(), g.Session.Refresh); !errors.Is(err, ErrSessionOver) {
			t.Errorf("refresh: %v", err)
		}
	})
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	r := setup(t)
	g := r.signIn(t, suitest.NewWallet(1))
	t.Run("a fresh token says who", func(t *testing.T) {
		who, err := r.Authenticate(t.Context(), g.Session.Access)
		if err != nil || who.ID != g.Customer.ID || who.Address != g.Customer.Address || who.Operator || who.Suspended {
			t.Fatalf("got %+v, %v", who, err)
		}
	})
	t.Run("operators are who the configuration lists", func(t *testing.T) {
		o := r.signIn(t, suitest.NewWallet(9))
		if who, err := r.Authenticate(t.Context(), o.Session.Access); err != nil || !who.Operator {
			t.Fatalf("got %+v, %v", who, err)
		}
	})
	sign := func(method jwt.SigningMethod, key any, typ, kid any, claims jwt.MapClaims) string {
		tok := jwt.NewWithClaims(method, claims)
		tok.Header["typ"], tok.Header["kid"] = typ, kid
		out, err := tok.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	claims := func(change jwt.MapClaims) jwt.MapClaims {
		parsed, _, err := jwt.NewParser().ParseUnverified(g.Session.Access, jwt.MapClaims{})
		if err != nil {
			t.Fatal(err)
		}
		c := parsed.Claims.(jwt.MapClaims)
		for k, v := range change {
			c[k] = v
		}
		return c
	}
	kid := r.keys.ring.Load().keys[0].id
	good := func(change jwt.MapClaims) string {
		return sign(jwt.SigningMethodHS256, []byte(oldKey), accessType, kid, claims(change))
	}
	if _, err := r.Authenticate(t.Context(), good(nil)); err != nil {
		t.Fatalf("the forge of this test is broken: %v", err)
	}
	for name, token := range map[string]string{
		"nothing": "", "junk": "a.b.c", "a refresh token": g.Session.Refresh,
		"alg none":          sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, accessType, kid, claims(nil)),
		"another key":       sign(jwt.SigningMethodHS256, []byte(newKey), accessType, kid, claims(nil)),
		"another algorithm": sign(jwt.SigningMethodHS512, []byte(oldKey), accessType, kid, claims(nil)),
		"another type":      sign(jwt.SigningMethodHS256, []byte(oldKey), "JWT", kid, claims(nil)),
		"an unknown kid":    sign(jwt.SigningMethodHS256, []byte(oldKey), accessType, "x", claims(nil)),
		"another audience":  good(jwt.MapClaims{"aud": "other"}),
		"no expiry":         sign(jwt.SigningMethodHS256, []byte(oldKey), accessType, kid, jwt.MapClaims{"sub": "1001", "aud": audience, "sid": uuid.NewString()}),
		"another customer":  good(jwt.MapClaims{"sub": "4711"}),
		"no such session":   good(jwt.MapClaims{"sid": uuid.NewString()}),
		"a bent session":    good(jwt.MapClaims{"sid": "' or true"}),
	} {
		t.Run("refused: "+name, func(t *testing.T) {
			if who, err := r.Authenticate(t.Context(), token); err == nil {
				t.Fatalf("let in as %+v", who)
			}
		})
	}
	t.Run("good for 900 seconds, not 901", func(t *testing.T) {
		r := setup(t)
		g := r.signIn(t, suitest.NewWallet(1))
		r.later(899 * time.Second)
		if _, err := r.Authenticate(t.Context(), g.Session.Access); err != nil {
			t.Errorf("at 899 s: %v", err)
		}
		r.later(2 * time.Second)
		if _, err := r.Authenticate(t.Context(), g.Session.Access); !errors.Is(err, web.ErrSignInNeeded) {
			t.Errorf("at 901 s: %v", err)
		}
	})
	t.Run("keys rotate with two live ones and no failed request", func(t *testing.T) {
		r := setup(t)
		g := r.signIn(t, suitest.NewWallet(1))
		rotated := r.replica(t, newKey, oldKey)
		r.later(keysSettle)
		if _, err := rotated.Authenticate(t.Context(), g.Session.Access); err != nil {
			t.Errorf("the old key's token: %v", err)
		}
		next, err := rotated.Refresh(t.Context(), g.Session.Refresh)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.replica(t, newKey).Authenticate(t.Context(), next.Session.Access); err != nil {
			t.Errorf("the new key's token: %v", err)
		}
		if _, err := r.replica(t, newKey).Authenticate(t.Context(), g.Session.Access); err == nil {
			t.Error("a retired key still works")
		}
	})
	t.Run("a revoked session is refused by another replica within five seconds", func(t *testing.T) {
		r := setup(t)
		g := r.signIn(t, suitest.NewWallet(1))
		other := r.replica(t, oldKey)
		if _, err := other.Authenticate(t.Context(), g.Session.Access); err != nil {
			t.Fatal(err)
		}
		if err := r.Logout(t.Context(), g.Session.Refresh); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Authenticate(t.Context(), g.Session.Access); !errors.Is(err, ErrSessionOver) {
			t.Errorf("here: %v", err)
		}
		r.later(5 * time.Second)
		if _, err := other.Authenticate(t.Context(), g.Session.Access); !errors.Is(err, ErrSessionOver) {
			t.Errorf("there: %v", err)
		}
	})
	t.Run("suspended customers are known as such", func(t *testing.T) {
		r := setup(t)
		g := r.signIn(t, suitest.NewWallet(1))
		r.kit.DB.MustExec(`update auth.customers set status = 'suspended', suspended_reason = 'nonpayment'`)
		if who, err := r.Authenticate(t.Context(), g.Session.Access); err != nil || !who.Suspended {
			t.Fatalf("got %+v, %v", who, err)
		}
	})
}

func TestStatements(t *testing.T) { pgtest.Prepare(t, pgtest.DB(t), statements) }

func TestKnown(t *testing.T) {
	r := setup(t)
	g := r.signIn(t, suitest.NewWallet(1))
	known, err := r.Known(t.Context(), []customer.ID{g.Customer.ID, 4711, 0})
	if err != nil || len(known) != 1 || !known[g.Customer.ID] {
		t.Fatalf("got %v, %v", known, err)
	}
	if known, err := r.Known(t.Context(), nil); err != nil || len(known) != 0 {
		t.Fatalf("got %v, %v", known, err)
	}
}

func TestConfig(t *testing.T) {
	if problems := DefaultConfig().Validate(); len(problems) > 0 {
		t.Errorf("the defaults are refused: %v", problems)
	}
	bad := Config{Network: "moon", SigningKeys: []string{"short"}, Operators: []string{"bob"}}
	if problems := bad.Validate(); len(problems) != 12 {
		t.Errorf("got %d problems: %v", len(problems), problems)
	}
	if _, err := New(host.Kit{}, DefaultConfig(), "https://x.example"); err == nil || !strings.Contains(err.Error(), "SUIFTLY_AUTH__SIGNING_KEYS") {
		t.Errorf("without a key: %v", err)
	}
}
