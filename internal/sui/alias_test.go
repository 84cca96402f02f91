package sui_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"suiftly/internal/fault"
	"suiftly/internal/sui"
	"suiftly/internal/sui/suitest"
)

func TestAliasObject(t *testing.T) {
	owner := sui.Address(bytes.Repeat([]byte{0x11}, 32))
	// @mysten/sui 2.33.1 derives the same.
	if id := sui.AliasObject(owner).String(); id != "0xa7205d63da33fd133e5c4bba5683a6af5aec98256b55d90477a7d561b568638a" {
		t.Errorf("got %s", id)
	}
}

func TestListsOwnKey(t *testing.T) {
	owner, other := suitest.NewWallet(1).Address(), suitest.NewWallet(2).Address()
	object := sui.AliasObject(owner)
	contents := func(id sui.Address, count byte, aliases ...sui.Address) []byte {
		out := append(id[:], count)
		for _, a := range aliases {
			out = append(out, a[:]...)
		}
		return out
	}
	for name, c := range map[string]struct {
		contents []byte
		own      bool
		refused  bool
	}{
		"itself alone":            {contents(object, 1, owner), true, false},
		"itself after another":    {contents(object, 2, other, owner), true, false},
		"another alone":           {contents(object, 1, other), false, false},
		"eight others":            {contents(object, 8, slices.Repeat([]sui.Address{other}, 8)...), false, false},
		"nobody":                  {contents(object, 0), false, true},
		"fewer than it says":      {contents(object, 2, owner), false, true},
		"more than it says":       {contents(object, 1, owner, owner), false, true},
		"another owner's list":    {contents(sui.AliasObject(other), 1, owner), false, true},
		"a length of two bytes":   {append(contents(object, 0x81), make([]byte, 4096)...), false, true},
		"the id only":             {object[:], false, true},
		"nothing":                 {nil, false, true},
		"an address that is long": {append(contents(object, 1, owner), 0), false, true},
	} {
		own, err := sui.ListsOwnKey(owner, c.contents)
		if own != c.own || (err != nil) != c.refused {
			t.Errorf("%s: %v, %v", name, own, err)
		}
	}
}

// ownKeys are sui.Aliases with one opinion.
type ownKeys struct {
	own   bool
	err   error
	asked *[]sui.Address
}

func (o ownKeys) OwnKey(_ context.Context, a sui.Address) (bool, error) {
	*o.asked = append(*o.asked, a)
	return o.own, o.err
}

func TestOwnKey(t *testing.T) {
	for _, id := range []string{"ed25519-ok-hello", "secp256k1-ok-hello", "secp256r1-ok-hello", "multisig-ok-2of3-0-1", "passkey-ok", "zklogin-ok"} {
		t.Run(id, func(t *testing.T) {
			v := vectorNamed(t, id)
			for name, c := range map[string]struct {
				own  bool
				err  error
				want error
			}{
				"still its own":       {true, nil, nil},
				"taken away":          {false, nil, sui.ErrKeyRemoved},
				"nobody can be asked": {true, errors.New("away"), sui.ErrAliasesUnavailable},
			} {
				asked := []sui.Address{}
				verifier := sui.Verifier{Chain: newChain(t, 10), Aliases: ownKeys{c.own, c.err, &asked}}
				_, err := verifier.Check(t.Context(), v.claimed(t), v.Message, v.Signature)
				if !errors.Is(err, c.want) || c.want == nil && err != nil || !slices.Equal(asked, []sui.Address{v.claimed(t)}) {
					t.Errorf("%s: %v, asked about %v", name, err, asked)
				}
			}
		})
	}
	t.Run("a false signature asks nobody", func(t *testing.T) {
		asked := []sui.Address{}
		verifier := sui.Verifier{Aliases: ownKeys{true, nil, &asked}}
		alice, bob := suitest.NewWallet(1), suitest.NewWallet(2)
		if _, err := verifier.Check(t.Context(), alice.Address(), []byte("hello"), bob.SignPersonalMessage("hello")); !errors.Is(err, sui.ErrOtherAddress) || len(asked) > 0 {
			t.Errorf("got %v, asked about %v", err, asked)
		}
	})
	t.Run("no answer from the network is 503", func(t *testing.T) {
		if fault.Of(sui.ErrAliasesUnavailable).Kind != fault.Unavailable {
			t.Error("it is not")
		}
	})
}
