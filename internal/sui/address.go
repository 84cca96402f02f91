package sui

import (
	"encoding/hex"
	"strings"

	suigo "github.com/pattonkan/sui-go/sui"
	"golang.org/x/crypto/blake2b"

	"suiftly/internal/fault"
)

// ErrAddress refuses text that is not a Sui address.
var ErrAddress = fault.New(fault.Invalid, "sui.address", "A Sui address is 0x and 1 to 64 hexadecimal digits.")

// Address is an account on Sui. It is a defined type and not an alias, because sui-go's own decoding of an address takes
// odd, empty and unprefixed text.
type Address suigo.Address

// ParseAddress reads 0x and 1 to 64 hex digits of any case; short input is padded on the left, 0x2 is the framework.
// Nothing else is an address: no blanks, no missing prefix. The error is ErrAddress.
func ParseAddress(text string) (Address, error) {
	var a Address
	if len(text) < 3 || len(text) > 2+2*len(a) || text[0] != '0' || text[1]|0x20 != 'x' {
		return Address{}, ErrAddress
	}
	digits := strings.Repeat("0", 2+2*len(a)-len(text)) + text[2:]
	if _, err := hex.Decode(a[:], []byte(digits)); err != nil {
		return Address{}, ErrAddress
	}
	return a, nil
}

// String is the one form that is stored, shown and compared: lower case, 0x and 64 hex digits.
func (a Address) String() string { return "0x" + hex.EncodeToString(a[:]) }

// Short is enough of the address to recognise it in a log by, and too little to be it.
func (a Address) Short() string {
	s := a.String()
	return s[:6] + "..." + s[len(s)-4:]
}

// MarshalText is String.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText is ParseAddress.
func (a *Address) UnmarshalText(text []byte) (err error) {
	*a, err = ParseAddress(string(text))
	return err
}

// AddressOf derives the account of a public key: blake2b-256(flag || key).
func AddressOf(scheme Scheme, key []byte) Address {
	return hashed([]byte{byte(scheme)}, key)
}

// hashed is the address of what the parts make together.
func hashed(parts ...[]byte) Address {
	h, err := blake2b.New256(nil)
	if err != nil {
		panic(err) // only a key longer than 64 bytes is an error, and there is none
	}
	for _, part := range parts {
		h.Write(part)
	}
	var a Address
	h.Sum(a[:0])
	return a
}
