package sui

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// SignIn is what a sign-in challenge says.
type SignIn struct {
	Domain    string // who asks: host, with the port when it is not the usual one
	URI       string // origin of the page that asks
	Address   Address
	ChainID   string // "sui:mainnet"
	Nonce     string // letters and digits, at least 128 random bits
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// Purpose is the statement of every sign-in message.
const Purpose = "Sign in; this moves no funds"

// nonceChars is how many of 62 letters and digits it takes for 128 bits.
const nonceChars = 22

// SignInMessage writes the text that the wallet shows and signs, in the layout of CAIP-122: ASCII, times in UTC with
// whole seconds. An error means that a field would make the text say something else than it should (a line break in the
// domain, a nonce that can be guessed): configuration or a bug, never the customer.
func SignInMessage(s SignIn) (string, error) {
	if err := s.validate(); err != nil {
		return "", fmt.Errorf("sign-in message: %w", err)
	}
	return s.Domain + " wants you to sign in with your Sui account:\n" +
		s.Address.String() + "\n\n" +
		Purpose + "\n\n" +
		"URI: " + s.URI + "\n" +
		"Version: 1\n" +
		"Chain ID: " + s.ChainID + "\n" +
		"Nonce: " + s.Nonce + "\n" +
		"Issued At: " + s.IssuedAt.UTC().Format(time.RFC3339) + "\n" +
		"Expiration Time: " + s.ExpiresAt.UTC().Format(time.RFC3339), nil
}

func (s SignIn) validate() error {
	for _, field := range []struct{ name, text string }{{"domain", s.Domain}, {"URI", s.URI}, {"chain id", s.ChainID}} {
		if field.text == "" || strings.ContainsFunc(field.text, func(c rune) bool { return c <= ' ' || c > '~' }) {
			return fmt.Errorf("%s %q is not one printable ASCII word", field.name, field.text)
		}
	}
	if !strings.HasPrefix(s.ChainID, "sui:") {
		return fmt.Errorf("chain id %q lacks the prefix %q", s.ChainID, "sui:")
	}
	if len(s.Nonce) < nonceChars || strings.ContainsFunc(s.Nonce, func(c rune) bool {
		return (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z')
	}) {
		return fmt.Errorf("the nonce is not %d or more letters and digits", nonceChars)
	}
	if !s.ExpiresAt.After(s.IssuedAt) {
		return errors.New("it expires before it is issued")
	}
	return nil
}
