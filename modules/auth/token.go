package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"suiftly/internal/customer"
)

// keyring holds the secrets that sign access tokens: one signs, all of them verify, so that a rotation (new key in front,
// old one kept for a while) fails no request.
type keyring struct {
	keys []signingKey
	// A new first key verifies at once and signs from then on only: until then the other replicas may not know it.
	signsFrom time.Time
	before    *signingKey // signs until signsFrom; nil: keys[0] signs
}

func (k keyring) signer(now time.Time) signingKey {
	if k.before != nil && now.Before(k.signsFrom) {
		return *k.before
	}
	return k.keys[0]
}

type signingKey struct {
	id     string // kid: names the secret without telling it
	secret []byte
}

func newKeyring(secrets []string) (*keyring, error) {
	k := &keyring{}
	for _, s := range secrets {
		if len(s) < 32 {
			return nil, errors.New("auth: a signing key is shorter than 32 characters; `openssl rand -hex 32` makes one")
		}
		id := sha256.Sum256([]byte("kid:" + s))
		k.keys = append(k.keys, signingKey{hex.EncodeToString(id[:6]), []byte(s)})
	}
	if len(k.keys) == 0 {
		return nil, errors.New("auth: no signing key: set SUIFTLY_AUTH__SIGNING_KEYS='[<openssl rand -hex 32>]', or auth.signing_key_file to a file holding one, the same on every replica")
	}
	return k, nil
}

const (
	accessType = "at+jwt" // RFC 9068: a refresh token or an ID token is never taken for an access token
	audience   = "suiftly-api"
)

type accessClaims struct {
	jwt.RegisteredClaims
	Session string `json:"sid"`
}

// signAccess writes an access token: a JWT (HS256) for one customer and session.
func (k keyring) signAccess(id customer.ID, session string, now, expires time.Time) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, accessClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject: strconv.FormatInt(int64(id), 10), Audience: jwt.ClaimStrings{audience},
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		},
		Session: session,
	})
	key := k.signer(now)
	t.Header["kid"], t.Header["typ"] = key.id, accessType
	out, err := t.SignedString(key.secret)
	if err != nil {
		return "", fmt.Errorf("sign access token: %w", err)
	}
	return out, nil
}

var errUnknownKey = errors.New("signed by an unknown key")

// readAccess gives the customer and session of a valid access token.
func (k keyring) readAccess(token string, now time.Time) (customer.ID, string, error) {
	var claims accessClaims
	_, err := jwt.ParseWithClaims(token, &claims, func(t *jwt.Token) (any, error) {
		if t.Header["typ"] != accessType {
			return nil, fmt.Errorf("typ %v is not %s", t.Header["typ"], accessType)
		}
		for _, key := range k.keys {
			if t.Header["kid"] == key.id {
				return key.secret, nil
			}
		}
		return nil, errUnknownKey
	}, jwt.WithValidMethods([]string{"HS256"}), jwt.WithAudience(audience), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
		jwt.WithStrictDecoding(), jwt.WithTimeFunc(func() time.Time { return now }))
	if err != nil {
		return 0, "", fmt.Errorf("access token: %w", err)
	}
	id, err := strconv.ParseInt(claims.Subject, 10, 64)
	if err != nil || id <= 0 || claims.Session == "" {
		return 0, "", errors.New("access token: no customer or session in it")
	}
	return customer.ID(id), claims.Session, nil
}

// successors gives the refresh token that follows one, once for each live key, the signing one's first. It is derived, not
// drawn, so that every parallel tab that presents the same token is answered with the same successor although only hashes
// are stored.
func (k keyring) successors(refresh string, now time.Time) []string {
	signer := k.signer(now)
	out := []string{signer.successor(refresh)}
	for _, key := range k.keys {
		if key.id != signer.id {
			out = append(out, key.successor(refresh))
		}
	}
	return out
}

func (key signingKey) successor(refresh string) string {
	mac := hmac.New(sha256.New, key.secret)
	mac.Write([]byte("refresh-successor:" + refresh))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// known is the mark that a browser keeps after it has signed in with the address. It lets nobody in: it only keeps strangers, who
// may ask for the address's challenges as well, from using up the owner's share of them.
func (key signingKey) known(address string) string {
	mac := hmac.New(sha256.New, key.secret)
	mac.Write([]byte("known-browser:" + address))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// knows says whether a browser's mark was made for the address with a live key.
func (k keyring) knows(mark, address string) bool {
	return slices.ContainsFunc(k.keys, func(key signingKey) bool { return hmac.Equal([]byte(mark), []byte(key.known(address))) })
}
