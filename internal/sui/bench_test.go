package sui_test

import (
	"testing"

	"suiftly/internal/sui"
)

func BenchmarkCheck(b *testing.B) {
	for _, id := range []string{
		"ed25519-ok-hello", "secp256k1-ok-hello", "secp256r1-ok-hello", "multisig-ok-2of3-0-1", "multisig-ok-10of10", "passkey-ok",
		"zklogin-ok", // what is done here; a fullnode's answer comes on top
	} {
		b.Run(id, func(b *testing.B) {
			v, c := vectorNamed(b, id), newChain(b, 5)
			claimed := v.claimed(b)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (sui.Verifier{Chain: c}).Check(b.Context(), claimed, v.Message, v.Signature); err != nil {
					b.Fatal(err)
				}
				c.asked = c.asked[:0]
			}
		})
	}
}
