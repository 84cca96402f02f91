package suitest_test

import (
	"testing"

	"suiftly/internal/sui"
	"suiftly/internal/sui/suitest"
)

func TestWallet(t *testing.T) {
	w := suitest.NewWallet(1)
	t.Run("is the account, and signs the bytes, of the official SDK's keypair with the same secret", func(t *testing.T) {
		if got := w.Address().String(); got != "0x29dfbf688abce7ab43bb8e70cae158ae961196e721440f515482f8ba1684390f" {
			t.Fatalf("address %s", got)
		}
		const signed = "AFkrXAVrEr3K6YDHy9pUsYqxghBahBk0eIe0rWiYdxc+Cnmda4WHnyR8UGudaUIRhcUbF8U1LyobCJxq/FmURQKKiOPddAnxlf1S2y08ul1yymcJvx2UEhvzdIgBtA9vXA=="
		if got := w.SignPersonalMessage("hello"); got != signed {
			t.Fatalf("signature %s", got)
		}
	})
	t.Run("proves its own address and no other", func(t *testing.T) {
		signature := w.SignPersonalMessage("hello")
		if _, err := (sui.Verifier{}).Check(t.Context(), w.Address(), []byte("hello"), signature); err != nil {
			t.Fatal(err)
		}
		if _, err := (sui.Verifier{}).Check(t.Context(), suitest.NewWallet(2).Address(), []byte("hello"), signature); err == nil {
			t.Fatal("another wallet's address was taken")
		}
	})
}
