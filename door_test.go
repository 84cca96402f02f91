package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"suiftly/internal/sui"
	"suiftly/internal/sui/suitest"
)

// TestForgedTokensAreRefused tries to come in through the real door with what is no access token of ours, or not any more.
func TestForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	h := openTestHouse(t)
	u, err := url.Parse(h.url)
	if err != nil {
		t.Fatal(err)
	}
	cookies := map[string]string{}
	for _, c := range h.signedIn(1).http.Jar.Cookies(u) {
		cookies[c.Name] = c.Value
	}
	claims := jwt.MapClaims{}
	genuine, _, err := jwt.NewParser().ParseUnverified(cookies["suiftly-access"], claims)
	if err != nil {
		t.Fatal(err)
	}
	key := []byte(strings.Repeat("k", 32))
	forge := func(method jwt.SigningMethod, key any, issued time.Time) string {
		claims["iat"], claims["exp"] = issued.Unix(), issued.Add(15*time.Minute).Unix()
		token := jwt.NewWithClaims(method, claims)
		token.Header["typ"], token.Header["kid"] = genuine.Header["typ"], genuine.Header["kid"]
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	now := time.Now()
	for name, c := range map[string]struct {
		token string
		want  int
	}{
		"the genuine one":                  {cookies["suiftly-access"], http.StatusOK},
		"one made with the key, as proof":  {forge(jwt.SigningMethodHS256, key, now), http.StatusOK},
		"alg none":                         {forge(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, now), http.StatusUnauthorized},
		"another key":                      {forge(jwt.SigningMethodHS256, []byte(strings.Repeat("x", 32)), now), http.StatusUnauthorized},
		"the refresh token":                {cookies["suiftly-refresh"], http.StatusUnauthorized},
		"901 seconds old":                  {forge(jwt.SigningMethodHS256, key, now.Add(-901*time.Second)), http.StatusUnauthorized},
		"issued in the future":             {forge(jwt.SigningMethodHS256, key, now.Add(time.Hour)), http.StatusUnauthorized},
		"the genuine one with a bit added": {cookies["suiftly-access"] + "A", http.StatusUnauthorized},
	} {
		p := h.nobody()
		p.http.Jar.SetCookies(u, []*http.Cookie{{Name: "suiftly-access", Value: c.token}})
		if r := p.call(http.MethodGet, "/api/v1/auth/customer", nil); r.status != c.want {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
}

// TestAddressesAreOneAccount signs in with every way of writing one address.
func TestAddressesAreOneAccount(t *testing.T) {
	t.Parallel()
	h := openTestHouse(t)
	var w suitest.Wallet
	for seed := range 256 { // one whose address can be written shorter
		if w = suitest.NewWallet(byte(seed)); strings.HasPrefix(w.Address().String(), "0x0") {
			break
		}
	}
	full := w.Address().String()
	short := "0x" + strings.TrimLeft(full[2:], "0")
	if len(short) == len(full) {
		t.Fatal("no address starts with 0")
	}
	ids := map[int64]bool{}
	for _, written := range []string{full, short, "0x" + strings.ToUpper(full[2:]), "0X" + strings.ToUpper(short[2:])} {
		p := h.nobody()
		var c struct {
			ID      string `json:"challenge_id"`
			Message string `json:"message"`
		}
		p.must(http.MethodPost, "/api/v1/auth/challenge", map[string]any{"address": written}, &c)
		if !strings.Contains(c.Message, "\n"+full+"\n") {
			t.Errorf("%s: the text names another address:\n%s", written, c.Message)
		}
		var session struct {
			Customer struct {
				ID      int64       `json:"customer_id"`
				Address sui.Address `json:"address"`
			} `json:"customer"`
		}
		p.must(http.MethodPost, "/api/v1/auth/verify", map[string]any{"challenge_id": c.ID, "message": c.Message, "signature": w.SignPersonalMessage(c.Message)}, &session)
		if session.Customer.Address != w.Address() {
			t.Errorf("%s: the account of %s", written, session.Customer.Address)
		}
		ids[session.Customer.ID] = true
	}
	if len(ids) != 1 {
		t.Errorf("accounts %v", ids)
	}
}

// TestTheDoorIsLimited counts with the limits that the product ships with.
func TestTheDoorIsLimited(t *testing.T) {
	t.Parallel()
	h := openTestHouse(t, func(s *settings) { s.Auth.Limits = defaults().Auth.Limits })
	ask := func(p *person, address any) reply {
		return p.call(http.MethodPost, "/api/v1/auth/challenge", map[string]any{"address": address})
	}
	from := func(network, host int) *person {
		p := h.nobody()
		p.from = fmt.Sprintf("198.51.%d.%d", network, host)
		return p
	}
	t.Run("ten challenges a minute from one address of the internet", func(t *testing.T) {
		for i := range 11 {
			want := http.StatusOK
			if i == 10 {
				want = http.StatusTooManyRequests
			}
			if r := ask(from(1, 1), suitest.NewWallet(byte(100+i)).Address()); r.status != want {
				t.Errorf("challenge %d: %d %s", i+1, r.status, r.body)
			}
		}
	})
	t.Run("ten signatures a minute from one address of the internet", func(t *testing.T) {
		for i := range 11 {
			want := http.StatusUnauthorized
			if i == 10 {
				want = http.StatusTooManyRequests
			}
			body := map[string]any{"challenge_id": "4dcf58bb-7ec9-4ea9-86ca-8a5fd4aa5f4d", "message": "m", "signature": "AAAA"}
			if r := from(2, 1).call(http.MethodPost, "/api/v1/auth/verify", body); r.status != want {
				t.Errorf("verify %d: %d %s", i+1, r.status, r.body)
			}
		}
	})
	t.Run("five challenges a minute for one Sui address from wherever, which keep no owner out", func(t *testing.T) {
		owner := h.signedIn(1) // takes the first
		victim := owner.wallet.Address()
		for i := 2; i <= 6; i++ {
			want := http.StatusOK
			if i == 6 {
				want = http.StatusTooManyRequests
			}
			if r := ask(from(3, i), victim); r.status != want {
				t.Errorf("challenge %d: %d %s", i, r.status, r.body)
			}
		}
		owner.must(http.MethodPost, "/api/v1/auth/logout", nil, nil)
		for i := 1; i <= 6; i++ {
			want := http.StatusOK
			if i == 6 {
				want = http.StatusTooManyRequests
			}
			if r := ask(owner, victim); r.status != want {
				t.Errorf("the owner's challenge %d: %d %s", i, r.status, r.body)
			}
		}
		other := h.signedIn(2)
		other.from = "198.51.4.1"
		if r := ask(other, victim); r.status != http.StatusTooManyRequests {
			t.Errorf("the browser of another customer: %d %s", r.status, r.body)
		}
	})
}
