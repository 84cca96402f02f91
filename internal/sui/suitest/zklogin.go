package suitest

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"math/big"

	"suiftly/internal/sui"
)

// ZkWallet is a zkLogin account whose proof proves nothing: what can be checked without the network is right, the rest is for
// a test's own network to accept.
type ZkWallet struct {
	key  ed25519.PrivateKey // the ephemeral one
	seed *big.Int
}

// NewZkWallet is the account with that seed.
func NewZkWallet(seed int64) ZkWallet {
	return ZkWallet{ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(seed)}, ed25519.SeedSize)), big.NewInt(seed)}
}

const zkIssuer = "https://id.example.com"

// Address is the account: blake2b-256(05 || length of the issuer || issuer || seed in 32 bytes).
func (w ZkWallet) Address() sui.Address {
	identity := append([]byte{byte(len(zkIssuer))}, zkIssuer...)
	return sui.AddressOf(sui.ZkLogin, append(identity, w.seed.FillBytes(make([]byte, 32))...))
}

// SignPersonalMessage signs with a session that ends with the epoch maxEpoch.
func (w ZkWallet) SignPersonalMessage(message string, maxEpoch uint64) string {
	b := []byte{byte(sui.ZkLogin)}
	text := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	numbers := func(n int) {
		b = append(b, byte(n))
		for range n {
			text("1")
		}
	}
	numbers(3)
	b = append(b, 3)
	for range 3 {
		numbers(2)
	}
	numbers(3)
	text(base64.RawURLEncoding.EncodeToString([]byte(`"iss":"` + zkIssuer + `",`)))
	b = append(b, 0)
	text(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"k","typ":"JWT"}`)))
	text(w.seed.String())
	b = binary.LittleEndian.AppendUint64(b, maxEpoch)
	digest := sui.PersonalDigest([]byte(message))
	signature := append([]byte{byte(sui.Ed25519)}, ed25519.Sign(w.key, digest[:])...)
	text(string(append(signature, w.key[ed25519.SeedSize:]...)))
	return base64.StdEncoding.EncodeToString(b)
}
