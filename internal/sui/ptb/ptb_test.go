package ptb_test

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	"suiftly/internal/sui"
	"suiftly/internal/sui/chain/rpc"
	"suiftly/internal/sui/ptb"
	"suiftly/internal/sui/suitest"
)

// Made by transactions.mjs with @mysten/sui 2.33.1.
//
//go:embed testdata/transactions.json
var official []byte

type golden struct{ Bytes, Digest, Signature string }

func goldens(t testing.TB) map[string]golden {
	t.Helper()
	var all map[string]golden
	if err := json.Unmarshal(official, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func raw(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTransactions(t *testing.T) {
	for name, g := range goldens(t) {
		t.Run(name+": bytes, digest and signature are the official SDK's", func(t *testing.T) {
			data := raw(t, g.Bytes)
			decoded, err := ptb.Decode(data)
			if err != nil {
				t.Fatal(err)
			}
			if decoded.GetDigest() != g.Digest {
				t.Errorf("digest %s, not %s", decoded.GetDigest(), g.Digest)
			}
			encoded, err := ptb.Encode(decoded)
			if err != nil || !bytes.Equal(encoded, data) {
				t.Errorf("encodes to %x, %v", encoded, err)
			}
			w := suitest.NewWallet(1)
			if got := w.SignTransaction(data); got != g.Signature {
				t.Errorf("signature %s", got)
			}
			v, err := sui.VerifyTransaction(data, g.Signature)
			if err != nil || !v.Proves(w.Address()) {
				t.Errorf("the signature is refused: %v", err)
			}
			if _, err := sui.VerifyTransaction(append(bytes.Clone(data), 0), g.Signature); !errors.Is(err, sui.ErrRefused) {
				t.Errorf("the signature is taken for other bytes: %v", err)
			}
			if _, err := sui.Verify(data, g.Signature); !errors.Is(err, sui.ErrRefused) {
				t.Errorf("the signature of a transaction is taken for a message's: %v", err)
			}
			for n := range len(data) {
				if _, err := ptb.Decode(data[:n]); err == nil {
					t.Errorf("%d of %d bytes are a transaction", n, len(data))
				}
			}
			if _, err := ptb.Decode(append(bytes.Clone(data), 0)); err == nil {
				t.Error("a byte more is a transaction")
			}
		})
	}
	t.Run("what is not resolved is not encoded", func(t *testing.T) {
		whole, err := ptb.Decode(raw(t, goldens(t)["merge, an epoch"].Bytes))
		if err != nil {
			t.Fatal(err)
		}
		for name, spoil := range map[string]func(*rpc.Transaction){
			"no kind":              func(t *rpc.Transaction) { t.Kind = nil },
			"no sender":            func(t *rpc.Transaction) { t.Sender = nil },
			"no gas owner":         func(t *rpc.Transaction) { t.GasPayment.Owner = nil },
			"no version":           func(t *rpc.Transaction) { t.Kind.GetProgrammableTransaction().Inputs[0].Version = nil },
			"no digest":            func(t *rpc.Transaction) { t.Kind.GetProgrammableTransaction().Inputs[0].Digest = nil },
			"an input of no kind":  func(t *rpc.Transaction) { t.Kind.GetProgrammableTransaction().Inputs[0].Kind = 0 },
			"a command of no kind": func(t *rpc.Transaction) { t.Kind.GetProgrammableTransaction().Commands[0].Command = nil },
			"no gas version":       func(t *rpc.Transaction) { t.GasPayment.Objects[0].Version = nil },
			"an argument too great": func(t *rpc.Transaction) {
				t.Kind.GetProgrammableTransaction().Commands[0].GetMergeCoins().Coin.Input = new(uint32(1 << 16))
			},
			"a wish for later": func(t *rpc.Transaction) { t.Expiration.Kind = rpc.TransactionExpiration_VALIDITY },
		} {
			spoiled := proto.CloneOf(whole)
			spoil(spoiled)
			if b, err := ptb.Encode(spoiled); err == nil || b != nil {
				t.Errorf("%s: %x, %v", name, b, err)
			}
		}
	})
}

func TestCanonicalType(t *testing.T) {
	const two = "0x0000000000000000000000000000000000000000000000000000000000000002"
	for text, want := range map[string]string{
		"0x2::sui::SUI":                                  two + "::sui::SUI",
		two + "::sui::SUI":                               two + "::sui::SUI",
		"0x2::coin::Coin<0x2::sui::SUI>":                 two + "::coin::Coin<" + two + "::sui::SUI>",
		"0x2::a::B<u8,vector<address>, 0x2::c::D<bool>>": two + "::a::B<u8, vector<address>, " + two + "::c::D<bool>>",
		"vector<u256>":                                   "vector<u256>",
	} {
		if got, err := ptb.CanonicalType(text); err != nil || got != want {
			t.Errorf("%q is %q, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "0x2", "0x2::sui", "0x2::sui::", "0x2::sui::SUI>", "0x2::sui::SUI<", "0x2::sui::SUI<>", "0x2::sui::SUI<u8", "2::sui::SUI", "0x2::sui::SUI::X",
		"0x2::s-i::SUI", "0x2::1ui::SUI", "struct", "vector", "vector<u8,u8>", "u8<u8>", "u7", "0x2::a::B<u8,>", "0x2::a::B<u8>,", "usdc", "0x2::a::B<u8>x",
	} {
		if got, err := ptb.CanonicalType(text); err == nil {
			t.Errorf("%q is %q", text, got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, g := range goldens(f) {
		f.Add(raw(f, g.Bytes))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		decoded, err := ptb.Decode(data)
		if err != nil {
			return
		}
		if encoded, err := ptb.Encode(decoded); err != nil || !bytes.Equal(encoded, data) {
			t.Fatalf("%x encodes to %x, %v", data, encoded, err)
		}
	})
}
