package sui

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"suiftly/internal/sui/bcs"
)

var (
	errField  = errors.New("not a canonical field element")
	errIssuer = errors.New("not an issuer claim")
	errHeader = errors.New("not the header of an RS256 token")
)

// The fields of BN254: a seed is below the scalar field, a coordinate of the proof is below the base field.
var (
	scalarField = decimal("21888242871839275222246405745257275088548364400416034343698204186575808495617")
	baseField   = decimal("21888242871839275222246405745257275088696311157297823662689037894645226208583")
)

const (
	maxIssuerBytes = 255  // its length is one byte of the address
	maxClaimChars  = 512  // base64 of the issuer claim
	maxHeaderChars = 1024 // base64 of the token's header
)

// readZkLogin checks
//
//	bcs{ inputs{ proof{a, b, c}, issuer claim, header, address seed }, max_epoch u64, user_signature vec<u8> }
//
// as far as it goes without the network: the form, the two addresses, and that the ephemeral key signed the digest. That
// the proof binds this key, issuer, seed and epoch together is the network's to say: until then everybody could have
// written these bytes.
func readZkLogin(digest [32]byte, body []byte) (proof, error) {
	r := bcs.NewReader(body)
	coordinates := zkProof(r)
	claim, offset := r.Bytes(), r.U8()
	header, seedText := r.Bytes(), r.Bytes()
	maxEpoch := r.U64()
	ephemeral := r.Bytes()
	if err := r.End(); err != nil {
		return proof{}, err
	}
	for _, c := range coordinates {
		if _, err := element(c, baseField); err != nil {
			return proof{}, err
		}
	}
	issuer, err := issuerOf(claim, offset)
	if err != nil {
		return proof{}, err
	}
	if err := checkHeader(header); err != nil {
		return proof{}, err
	}
	seed, err := element(seedText, scalarField)
	if err != nil {
		return proof{}, err
	}
	if _, err := readPlain(digest, ephemeral); err != nil {
		return proof{}, fmt.Errorf("ephemeral key: %w", err)
	}
	return proof{
		Verified:  Verified{Scheme: ZkLogin, Addresses: zkAddresses(issuer, seed)},
		maxEpochs: []uint64{maxEpoch},
	}, nil
}

// zkProof reads the Groth16 points: a and c are vectors of three decimal strings, b is a vector of three pairs.
func zkProof(r *bcs.Reader) (coordinates [][]byte) {
	exactly := func(n int) {
		if r.ULEB() != n {
			r.Fail()
		}
	}
	strings := func(n int) {
		exactly(n)
		for range n {
			coordinates = append(coordinates, r.Bytes())
		}
	}
	strings(3)
	exactly(3)
	for range 3 {
		strings(2)
	}
	strings(3)
	return coordinates
}

// element reads a decimal number below a prime, written in the one way there is.
func element(text []byte, field *big.Int) (*big.Int, error) {
	if len(text) == 0 || len(text) > 77 || text[0] == '0' && len(text) > 1 || strings.Trim(string(text), "0123456789") != "" {
		return nil, errField
	}
	n, ok := new(big.Int).SetString(string(text), 10)
	if !ok || n.Cmp(field) >= 0 {
		return nil, errField
	}
	return n, nil
}

func decimal(text string) *big.Int {
	n, ok := new(big.Int).SetString(text, 10)
	if !ok {
		panic("sui: not a number: " + text)
	}
	return n
}

// issuerOf reads the issuer out of the piece of a token's payload that holds the claim `"iss":"…"` and the comma or brace
// after it. The piece is cut at base64 characters, so its first and last carry bits of their neighbours:
//
//	offset (place of the first character, mod 4)   0: none   1: two bits   2: four bits before the claim
//	place of the last character, mod 4             3: none   2: two bits   1: four bits after it
func issuerOf(claim []byte, offset uint8) (string, error) {
	if len(claim) < 2 || len(claim) > maxClaimChars || offset > 2 {
		return "", errIssuer
	}
	// Filling up with A on both sides gives whole groups of four characters; their own bits are dropped again.
	after := (4 - (int(offset)+len(claim))%4) % 4
	if after == 3 {
		return "", errIssuer // the last character would hold only six bits of a byte that begins before it
	}
	padded := strings.Repeat("A", int(offset)) + string(claim) + strings.Repeat("A", after)
	b, err := base64.RawURLEncoding.Strict().DecodeString(padded)
	if err != nil || base64.RawURLEncoding.EncodedLen(len(b)) != len(padded) {
		return "", errIssuer
	}
	b = b[offset : len(b)-after]
	if len(b) == 0 || b[len(b)-1] != ',' && b[len(b)-1] != '}' {
		return "", errIssuer
	}
	fields, err := object([]byte("{" + string(b[:len(b)-1]) + "}"))
	if err != nil || len(fields) != 1 {
		return "", errIssuer
	}
	issuer, ok := jsonString(fields["iss"])
	if !ok || issuer == "" || len(issuer) > maxIssuerBytes {
		return "", errIssuer
	}
	return issuer, nil
}

func checkHeader(header []byte) error {
	if len(header) > maxHeaderChars {
		return errHeader
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(string(header))
	if err != nil {
		return errHeader
	}
	fields, err := object(b)
	if err != nil {
		return errHeader
	}
	algorithm, _ := jsonString(fields["alg"])
	key, _ := jsonString(fields["kid"])
	if algorithm != "RS256" || key == "" {
		return errHeader
	}
	return nil
}

// zkAddresses are blake2b-256(flag || length of the issuer || issuer || seed) with the seed in 32 bytes and, for accounts
// made before that rule, without its leading zero bytes. Only one seed in 256 makes them differ.
func zkAddresses(issuer string, seed *big.Int) []Address {
	if issuer == "accounts.google.com" { // Google's tokens carry either form; the address has one
		issuer = "https://accounts.google.com"
	}
	head := append([]byte{byte(len(issuer))}, issuer...)
	var padded [32]byte
	seed.FillBytes(padded[:])
	addresses := []Address{AddressOf(ZkLogin, append(head[:len(head):len(head)], padded[:]...))}
	if short := seed.Bytes(); len(short) < len(padded) {
		addresses = append(addresses, AddressOf(ZkLogin, append(head[:len(head):len(head)], short...)))
	}
	return addresses
}
