package sui_test

import (
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"suiftly/internal/sui"
)

// judge holds what is true of every answer of Verify.
func judge(t *testing.T, message []byte, signature string) {
	v, err := sui.Verify(message, signature)
	if err != nil {
		if !errors.Is(err, sui.ErrRefused) && !errors.Is(err, sui.ErrZkLoginUnavailable) {
			t.Fatalf("an error of no kind: %v", err)
		}
		return
	}
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || base64.StdEncoding.EncodeToString(raw) != signature {
		t.Fatalf("accepted a second text of the same bytes: %q", signature)
	}
	if len(v.Addresses) != 1 || v.Scheme == sui.ZkLogin || sui.Scheme(raw[0]) != v.Scheme {
		t.Fatalf("proved %v", v)
	}
	if _, err := sui.Verify(append(message[:len(message):len(message)], 'x'), signature); err == nil {
		t.Fatal("accepted for two messages")
	}
	if _, err := sui.Verify(message, base64.StdEncoding.EncodeToString(append(raw, 0))); err == nil {
		t.Fatal("accepted with one more byte")
	}
}

// FuzzVerifyText feeds what a client sends.
func FuzzVerifyText(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Message, v.Signature)
	}
	f.Fuzz(judge)
}

// FuzzVerifyBytes gets past the base64, so that the readers behind it are reached.
func FuzzVerifyBytes(f *testing.F) {
	for _, v := range vectors(f) {
		if raw, err := base64.StdEncoding.DecodeString(v.Signature); err == nil {
			f.Add(v.Message, raw)
		}
	}
	f.Fuzz(func(t *testing.T, message, raw []byte) {
		judge(t, message, base64.StdEncoding.EncodeToString(raw))
	})
}

func FuzzParseAddress(f *testing.F) {
	for _, text := range []string{"0x2", "0X" + strings.Repeat("aB", 32), "0x", "", "0x" + strings.Repeat("0", 65), "0x0x2", " 0x2", "0x2\n"} {
		f.Add(text)
	}
	shape := regexp.MustCompile(`\A0[xX][0-9a-fA-F]{1,64}\z`)
	f.Fuzz(func(t *testing.T, text string) {
		a, err := sui.ParseAddress(text)
		if (err == nil) != shape.MatchString(text) {
			t.Fatalf("%q: %v", text, err)
		}
		if err != nil {
			return
		}
		want := strings.ToLower(text[2:])
		if got := a.String(); got != "0x"+strings.Repeat("0", 64-len(want))+want {
			t.Fatalf("%q reads as %s", text, got)
		}
	})
}

// FuzzSignInMessage looks for a field that adds, hides or moves a line.
func FuzzSignInMessage(f *testing.F) {
	f.Add("suiftly.example", "https://suiftly.example", "sui:mainnet", "8f3b0d1c6b2e4a77a1c9d05e6f7a8b9c", int64(1795500900))
	f.Add("a\nb", "https://a\r\nNonce: x", "sui:\u2028", strings.Repeat("\u0131", 30), int64(-1))
	f.Fuzz(func(t *testing.T, domain, uri, chainID, nonce string, issued int64) {
		s := sui.SignIn{Domain: domain, URI: uri, ChainID: chainID, Nonce: nonce, IssuedAt: time.Unix(issued, 0), ExpiresAt: time.Unix(issued, 0).Add(time.Minute)}
		text, err := sui.SignInMessage(s)
		if err != nil {
			return
		}
		lines := strings.Split(text, "\n")
		if len(lines) != 11 || lines[1] != s.Address.String() || lines[3] != sui.Purpose || lines[8] != "Nonce: "+nonce ||
			lines[0] != domain+" wants you to sign in with your Sui account:" || lines[5] != "URI: "+uri || lines[7] != "Chain ID: "+chainID {
			t.Fatalf("wrote\n%q", text)
		}
		for _, c := range text {
			if c != '\n' && (c < ' ' || c > '~') {
				t.Fatalf("wrote %q", c)
			}
		}
	})
}
