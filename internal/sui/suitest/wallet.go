// Package suitest is a wallet for tests, the demo and the browser tests: its keys are known to everybody.
package suitest

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"

	"suiftly/internal/sui"
)

// Wallet is an Ed25519 account.
type Wallet struct {
	key     ed25519.PrivateKey
	address sui.Address
}

// NewWallet is the account whose 32 secret bytes are all seed: in a browser test,
// Ed25519Keypair.fromSecretKey(new Uint8Array(32).fill(seed)) is the same one.
func NewWallet(seed byte) Wallet {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
	return Wallet{key: key, address: sui.AddressOf(sui.Ed25519, key[ed25519.SeedSize:])}
}

// Address is the account.
func (w Wallet) Address() sui.Address { return w.address }

// SignPersonalMessage signs as a wallet does and returns the base64 that it returns.
func (w Wallet) SignPersonalMessage(message string) string {
	return w.sign(sui.PersonalDigest([]byte(message)))
}

// SignTransaction signs the BCS of a transaction as a wallet does and returns the base64 that it returns.
func (w Wallet) SignTransaction(data []byte) string {
	return w.sign(sui.TransactionDigest(data))
}

func (w Wallet) sign(digest [32]byte) string {
	signature := append([]byte{byte(sui.Ed25519)}, ed25519.Sign(w.key, digest[:])...)
	return base64.StdEncoding.EncodeToString(append(signature, w.key[ed25519.SeedSize:]...))
}
