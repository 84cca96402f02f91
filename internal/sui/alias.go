package sui

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"suiftly/internal/fault"
)

// What a signature that is right is refused with, when the owner of the address has spoken on the chain.
var (
	ErrKeyRemoved = fault.New(fault.Unauthenticated, "auth.key_removed",
		"This key was taken away from its address on Sui and cannot sign for it any more.")
	ErrAliasesUnavailable = fault.New(fault.Unavailable, "auth.aliases_unavailable",
		"Whether this key still belongs to its address cannot be checked right now. Try again in a moment.")
)

// Aliases answers what only the network knows about address aliases.
type Aliases interface {
	// OwnKey says whether the key that an address is made of still signs for it: true unless its owner has taken it away.
	// An error means that nobody could be asked.
	OwnKey(ctx context.Context, address Address) (bool, error)
}

// AliasType is the Move type of the object that AliasObject names.
const AliasType = "0x0000000000000000000000000000000000000000000000000000000000000002::address_alias::AddressAliases"

// AliasObject names the object that lists which addresses' keys sign for an address. It exists only when the owner has
// enabled aliases: it is derived from the system object 0xa, as
//
//	blake2b-256(f0 || 0xa || u64 length of the key || key || BCS of the key's type)
//
// with the address as the key (sui::derived_object, sui::address_alias::enable).
func AliasObject(owner Address) Address {
	framework, state := Address{31: 2}, Address{31: 0xa}
	strct := func(module, name string, parameters ...byte) []byte { // a TypeTag: 7 is a struct
		tag := append([]byte{7}, framework[:]...)
		tag = append(append(tag, byte(len(module))), module...)
		tag = append(append(tag, byte(len(name))), name...)
		return append(tag, parameters...)
	}
	key := strct("address_alias", "AliasKey", 0)
	return hashed([]byte{0xf0}, state[:], binary.LittleEndian.AppendUint64(nil, uint64(len(owner))), owner[:],
		strct("derived_object", "DerivedObjectKey", append([]byte{1}, key...)...))
}

var errAliases = errors.New("not the list of an address's aliases")

// ListsOwnKey reads the contents of the address's AliasObject, bcs{ id, vector<address> }: whether the address is on its
// own list. The chain allows eight aliases and never none.
func ListsOwnKey(owner Address, contents []byte) (bool, error) {
	id, size := AliasObject(owner), len(owner)
	if len(contents) <= size || Address(contents[:size]) != id || contents[size] == 0 || contents[size] > 0x7f || len(contents) != size+1+size*int(contents[size]) {
		return false, errAliases
	}
	for alias := range slices.Chunk(contents[size+1:], size) {
		if Address(alias) == owner {
			return true, nil
		}
	}
	return false, nil
}
