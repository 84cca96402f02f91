// Package sui proves who signed a Sui personal message, without asking anybody where that is possible.
//
// A wallet signs blake2b-256(03 00 00 || ULEB128(len) || message) and returns base64(flag || body):
//
//	flag  scheme     body                                    the curve signs              decided by
//	00    Ed25519    signature 64, key 32                    the digest                   us
//	01    Secp256k1  r and s 64, compressed key 33           sha256(digest)               us
//	02    Secp256r1  r and s 64, compressed key 33           sha256(digest)               us
//	03    MultiSig   BCS: signatures, bitmap, committee      each member: the digest      us
//	05    zkLogin    BCS: proof, max epoch, ephemeral        ephemeral key: the digest    us, then a fullnode
//	06    Passkey    BCS: WebAuthn data, r1 signature        WebAuthn data; the digest    us
//	                                                         is its challenge
//
// (docs.sui.io: Signatures, Multisig, zkLogin, Passkey; sui-foundation SIP-9.)
//
// Every signature has exactly one accepted text: canonical base64, canonical BCS, low s, no small-order key. What the
// chain would refuse is refused here, and so is the multisig format with a roaring bitmap that wallets no longer make.
//
// Address aliases (0x2::address_alias) let an owner add keys to an address, or take the first one away. Both live on
// the chain only. A signature by an added key is refused, because the address of that key is another one. A key that
// was taken away still proves its own address here, unless Verifier.Aliases can tell.
//
// Addresses convert to and from sui-go's by plain conversion. Its signature code is not used: version 0.1.9 signs and
// verifies without the length prefix, accepts high s, and panics on input that anybody may send.
package sui
