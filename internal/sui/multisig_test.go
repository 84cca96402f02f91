package sui_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math/big"
	"testing"

	"suiftly/internal/sui"
	"suiftly/internal/sui/suitest"
)

// signer is a member of a committee under test.
type signer struct {
	variant byte
	key     []byte // as the committee lists it
	weight  byte
	signed  []byte // as the enum's body; nil: did not sign
}

// multisig writes a multisig signature and its address by the layout of the chain.
func multisig(threshold uint16, members ...signer) (text string, address sui.Address) {
	flags := []byte{0, 1, 2, 5, 6}
	var signatures, keys []byte
	var count byte
	var bitmap uint16
	hashed := binary.LittleEndian.AppendUint16(nil, threshold)
	for i, m := range members {
		if m.signed != nil {
			count++
			bitmap |= 1 << i
			signatures = append(append(signatures, m.variant), m.signed...)
		}
		keys = append(keys, m.variant)
		if m.variant == 3 {
			keys = append(keys, byte(len(m.key)))
		}
		keys = append(append(keys, m.key...), m.weight)
		hashed = append(append(append(hashed, flags[m.variant]), m.key...), m.weight)
	}
	raw := append([]byte{3, count}, signatures...)
	raw = binary.LittleEndian.AppendUint16(raw, bitmap)
	raw = append(append(raw, byte(len(members))), keys...)
	raw = binary.LittleEndian.AppendUint16(raw, threshold)
	return base64.StdEncoding.EncodeToString(raw), sui.AddressOf(sui.MultiSig, hashed)
}

// counted puts the ULEB128 length before a serialized signature.
func counted(raw []byte) []byte {
	return append(binary.AppendUvarint(nil, uint64(len(raw))), raw...)
}

// walletMember signs as a suitest wallet.
func walletMember(t *testing.T, seed byte, message []byte, weight byte) signer {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(suitest.NewWallet(seed).SignPersonalMessage(string(message)))
	if err != nil {
		t.Fatal(err)
	}
	return signer{variant: 0, key: raw[65:], weight: weight, signed: raw[1:65]}
}

func TestMultisigMembers(t *testing.T) {
	check := func(text string, a sui.Address, message []byte, c sui.Chain) error {
		v, err := sui.Verifier{Chain: c}.Check(context.Background(), a, message, text)
		if err == nil && (v.Scheme != sui.MultiSig || !v.Proves(a)) {
			t.Errorf("proved %v", v)
		}
		return err
	}

	t.Run("a passkey may be a member, with its own key only", func(t *testing.T) {
		v := vectorNamed(t, "passkey-ok")
		raw := v.raw(t)
		passkey := signer{variant: 4, key: raw[len(raw)-33:], weight: 2, signed: counted(raw)}
		wallet := walletMember(t, 1, v.Message, 1)
		text, a := multisig(3, wallet, passkey)
		if err := check(text, a, v.Message, nil); err != nil {
			t.Fatal(err)
		}
		stolen := passkey
		stolen.key = append([]byte{raw[len(raw)-33] ^ 1}, raw[len(raw)-32:]...)
		text, a = multisig(3, wallet, stolen)
		if err := check(text, a, v.Message, nil); !errors.Is(err, sui.ErrRefused) {
			t.Fatalf("another key: %v", err)
		}
		bare := passkey
		bare.signed = counted(append([]byte{2}, raw[1:]...))
		text, a = multisig(3, wallet, bare)
		if err := check(text, a, v.Message, nil); !errors.Is(err, sui.ErrRefused) {
			t.Fatalf("another flag: %v", err)
		}
	})

	zk := vectorNamed(t, "zklogin-ok")
	issuer, seed := "https://id.twitch.tv/oauth2", zkSeed(t)
	member := signer{variant: 3, key: append(append([]byte{byte(len(issuer))}, issuer...), seed...), weight: 1, signed: counted(zk.raw(t))}
	wallet := walletMember(t, 1, zk.Message, 1)

	t.Run("a zkLogin member makes the whole signature a question for the chain", func(t *testing.T) {
		if sui.AddressOf(sui.ZkLogin, member.key) != zk.claimed(t) {
			t.Fatal("the member is not the account of the vector")
		}
		text, a := multisig(2, wallet, member)
		c := &agreeable{epoch: 5, yes: true}
		if err := check(text, a, zk.Message, c); err != nil || c.asked != 1 || c.address != a {
			t.Fatalf("%v, asked %d times about %v", err, c.asked, c.address)
		}
		if err := check(text, a, zk.Message, &agreeable{epoch: 5}); !errors.Is(err, sui.ErrRefused) {
			t.Fatalf("the chain says no: %v", err)
		}
		if err := check(text, a, zk.Message, nil); !errors.Is(err, sui.ErrZkLoginUnavailable) {
			t.Fatalf("no chain: %v", err)
		}
		if err := check(text, a, zk.Message, &agreeable{epoch: 11, yes: true}); !errors.Is(err, sui.ErrZkLoginExpired) {
			t.Fatalf("expired: %v", err)
		}
	})
	t.Run("a zkLogin member that did not sign is no question", func(t *testing.T) {
		silent := member
		silent.signed = nil
		text, a := multisig(1, wallet, silent)
		if err := check(text, a, zk.Message, nil); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a zkLogin signature of another account is refused without asking", func(t *testing.T) {
		other := member
		other.key = append([]byte{}, member.key...)
		other.key[len(other.key)-1] ^= 1
		text, a := multisig(2, wallet, other)
		c := &agreeable{epoch: 5, yes: true}
		if err := check(text, a, zk.Message, c); !errors.Is(err, sui.ErrRefused) || c.asked > 0 {
			t.Fatalf("%v, asked %d times", err, c.asked)
		}
	})
	t.Run("a false signature beyond the threshold is refused too", func(t *testing.T) {
		late := walletMember(t, 2, []byte("another message"), 1)
		text, a := multisig(1, walletMember(t, 1, zk.Message, 1), late)
		if err := check(text, a, zk.Message, nil); !errors.Is(err, sui.ErrRefused) {
			t.Fatalf("got %v", err)
		}
	})
}

// zkSeed is the address seed of the zkLogin vectors, in 32 bytes.
func zkSeed(t *testing.T) []byte {
	t.Helper()
	seed, ok := new(big.Int).SetString("20794788559620669596206457022966176986688727876128223628113916380927502737911", 10)
	if !ok {
		t.Fatal("not a number")
	}
	return seed.FillBytes(make([]byte, 32))
}
