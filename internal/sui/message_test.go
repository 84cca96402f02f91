package sui_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"suiftly/internal/sui"
)

func signIn(t testing.TB, address string) sui.SignIn {
	t.Helper()
	a, err := sui.ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	issued := time.Date(2026, 11, 24, 7, 15, 0, 999, time.FixedZone("CET", 3600))
	return sui.SignIn{
		Domain: "suiftly.example", URI: "https://suiftly.example", Address: a, ChainID: "sui:mainnet",
		Nonce: "8f3b0d1c6b2e4a77a1c9d05e6f7a8b9c", IssuedAt: issued, ExpiresAt: issued.Add(5 * time.Minute),
	}
}

func TestSignInMessage(t *testing.T) {
	local := signIn(t, "0x2")
	local.Domain, local.URI, local.ChainID = "127.0.0.1:8080", "http://127.0.0.1:8080", "sui:localnet"
	for name, s := range map[string]sui.SignIn{
		"mainnet":  signIn(t, "0X8A1F3C0000000000000000000000000000000000000000000000000000000ABC"),
		"localnet": local,
	} {
		t.Run(name+" is the golden text", func(t *testing.T) {
			want, err := os.ReadFile("testdata/sign_in_" + name + ".golden")
			if err != nil {
				t.Fatal(err)
			}
			got, err := sui.SignInMessage(s)
			if err != nil || got != strings.TrimSuffix(string(want), "\n") {
				t.Fatalf("%v, got\n%s", err, got)
			}
		})
	}

	for name, spoil := range map[string]func(*sui.SignIn){
		"a domain with a line break":    func(s *sui.SignIn) { s.Domain = "evil.example\nhttps://suiftly.example" },
		"a domain with other letters":   func(s *sui.SignIn) { s.Domain = "suіftly.example" },
		"a URI with a blank":            func(s *sui.SignIn) { s.URI = "https://suiftly.example x" },
		"no domain":                     func(s *sui.SignIn) { s.Domain = "" },
		"a chain of another kind":       func(s *sui.SignIn) { s.ChainID = "eip155:1" },
		"a nonce that is too short":     func(s *sui.SignIn) { s.Nonce = s.Nonce[:21] },
		"a nonce with a line break":     func(s *sui.SignIn) { s.Nonce += "\n" },
		"an expiry before it is issued": func(s *sui.SignIn) { s.ExpiresAt = s.IssuedAt },
	} {
		t.Run(name+" is an error", func(t *testing.T) {
			s := signIn(t, "0x2")
			spoil(&s)
			if text, err := sui.SignInMessage(s); err == nil {
				t.Fatalf("wrote\n%s", text)
			}
		})
	}
}
