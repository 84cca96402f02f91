package sui

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/big"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	k1 "github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
)

const (
	edKeyBytes     = ed25519.PublicKeySize
	ecKeyBytes     = 33 // compressed point
	signatureBytes = 64 // r and s of either curve, R and S of Ed25519
)

var (
	errLength     = errors.New("wrong length")
	errKey        = errors.New("the public key is not a point of the curve")
	errSmallOrder = errors.New("the public key has small order")
	errRange      = errors.New("r or s is out of range")
	errHighS      = errors.New("s is in the upper half")
	errNotSigned  = errors.New("the signature is not by this key over this message")
)

// keyBytes is the length of a plain scheme's public key, 0 for the others.
func keyBytes(scheme Scheme) int {
	switch scheme {
	case Ed25519:
		return edKeyBytes
	case Secp256k1, Secp256r1:
		return ecKeyBytes
	}
	return 0
}

// splitPlain splits flag || signature || key and checks its length.
func splitPlain(raw []byte) (scheme Scheme, signature, key []byte, err error) {
	if len(raw) == 0 {
		return 0, nil, nil, errLength
	}
	scheme = Scheme(raw[0])
	n := keyBytes(scheme)
	if n == 0 || len(raw) != 1+signatureBytes+n {
		return scheme, nil, nil, errLength
	}
	return scheme, raw[1 : 1+signatureBytes], raw[1+signatureBytes:], nil
}

// verifyPlain checks one signature of one key. The elliptic curves hash the data once more, Ed25519 signs it as it is.
func verifyPlain(scheme Scheme, data, signature, key []byte) error {
	if n := keyBytes(scheme); n == 0 || len(key) != n || len(signature) != signatureBytes {
		return errLength
	}
	switch scheme {
	case Secp256k1:
		return verifyK1(data, signature, key)
	case Secp256r1:
		return verifyR1(data, signature, key)
	}
	return verifyEd25519(data, signature, key)
}

func verifyEd25519(data, signature, key []byte) error {
	// With a key of small order one constant signature is right for every message; crypto/ed25519 says yes to it.
	if smallOrder[[edKeyBytes]byte(key)] {
		return errSmallOrder
	}
	if !ed25519.Verify(key, data, signature) {
		return errNotSigned
	}
	return nil
}

func verifyK1(data, signature, key []byte) error {
	pub, err := secp256k1.ParsePubKey(key)
	if err != nil {
		return errKey
	}
	var r, s secp256k1.ModNScalar
	if r.SetByteSlice(signature[:32]) || s.SetByteSlice(signature[32:]) || r.IsZero() || s.IsZero() {
		return errRange
	}
	if s.IsOverHalfOrder() {
		return errHighS
	}
	sum := sha256.Sum256(data)
	if !k1.NewSignature(&r, &s).Verify(sum[:], pub) {
		return errNotSigned
	}
	return nil
}

var (
	p256      = elliptic.P256()
	p256Order = p256.Params().N
	p256Half  = new(big.Int).Rsh(p256Order, 1)
)

func verifyR1(data, signature, key []byte) error {
	x, y := elliptic.UnmarshalCompressed(p256, key) // nil unless x < p and the point is on the curve
	if x == nil {
		return errKey
	}
	var point [65]byte
	point[0] = 4
	x.FillBytes(point[1:33])
	y.FillBytes(point[33:])
	pub, err := ecdsa.ParseUncompressedPublicKey(p256, point[:])
	if err != nil {
		return errKey
	}
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	if r.Sign() == 0 || s.Sign() == 0 || r.Cmp(p256Order) >= 0 || s.Cmp(p256Order) >= 0 {
		return errRange
	}
	if s.Cmp(p256Half) > 0 {
		return errHighS
	}
	sum := sha256.Sum256(data)
	if !ecdsa.Verify(pub, sum[:], r, s) {
		return errNotSigned
	}
	return nil
}

// smallOrder holds every encoding of the eight points whose order divides 8: seven y (two of them not below the field
// prime), each with either sign bit.
var smallOrder = func() map[[edKeyBytes]byte]bool {
	all := map[[edKeyBytes]byte]bool{}
	for _, y := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000", // 0, order 4
		"0100000000000000000000000000000000000000000000000000000000000000", // 1, the neutral point
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // order 8
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", // order 8
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p-1, order 2
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p, which is 0
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p+1, which is 1
	} {
		var key [edKeyBytes]byte
		if _, err := hex.Decode(key[:], []byte(y)); err != nil {
			panic(err)
		}
		all[key] = true
		key[edKeyBytes-1] |= 0x80
		all[key] = true
	}
	return all
}()
