package sui

import (
	suigo "github.com/pattonkan/sui-go/sui"

	"suiftly/internal/fault"
)

// ErrDigest refuses text that is not a digest.
var ErrDigest = fault.New(fault.Invalid, "sui.digest", "A Sui digest is 32 bytes in base58, 43 or 44 letters and digits.")

// Digest names a transaction, a checkpoint, a version of an object, or, by its first checkpoint, a network.
type Digest [32]byte

// ParseDigest reads base58. The error is ErrDigest.
func ParseDigest(text string) (Digest, error) {
	if len(text) > 44 {
		return Digest{}, ErrDigest
	}
	b, err := suigo.NewBase58(text) // which takes anything: what is not base58 is empty
	if err != nil || len(*b) != len(Digest{}) {
		return Digest{}, ErrDigest
	}
	return Digest(*b), nil
}

// String is the base58 that wallets and explorers show.
func (d Digest) String() string { return suigo.Base58(d[:]).String() }
