package sui

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/blake2b"

	"suiftly/internal/fault"
	"suiftly/internal/sui/bcs"
)

// What a signature is refused with. The reason is the cause: it goes to the log, and never holds signature bytes.
var (
	ErrRefused = fault.New(fault.Unauthenticated, "auth.signature_refused",
		"The wallet signature is not valid for this message.")
	ErrOtherAddress = fault.New(fault.Unauthenticated, "auth.other_address",
		"The signature belongs to another address. Choose the account you asked to sign in with.")
	ErrZkLoginExpired = fault.New(fault.Unauthenticated, "auth.zklogin_expired",
		"The zkLogin session of the wallet has expired. Sign in to the wallet again.")
	ErrZkLoginUnavailable = fault.New(fault.Unavailable, "auth.zklogin_unavailable",
		"A zkLogin signature cannot be checked right now. Try again in a moment, or use another wallet.")
)

// Scheme is the flag byte that starts a signature.
type Scheme byte

// The schemes of Sui.
const (
	Ed25519   Scheme = 0
	Secp256k1 Scheme = 1
	Secp256r1 Scheme = 2
	MultiSig  Scheme = 3
	ZkLogin   Scheme = 5
	Passkey   Scheme = 6
)

// String is the lower-case name of the scheme.
func (s Scheme) String() string {
	switch s {
	case Ed25519:
		return "ed25519"
	case Secp256k1:
		return "secp256k1"
	case Secp256r1:
		return "secp256r1"
	case MultiSig:
		return "multisig"
	case ZkLogin:
		return "zklogin"
	case Passkey:
		return "passkey"
	}
	return fmt.Sprintf("scheme %#02x", byte(s))
}

// Verified is what a signature proves.
type Verified struct {
	Scheme    Scheme
	Addresses []Address // one; two for a zkLogin account whose seed starts with a zero byte
}

// Proves says whether the signer controls the address.
func (v Verified) Proves(a Address) bool { return slices.Contains(v.Addresses, a) }

// Chain answers what only the network knows about zkLogin.
type Chain interface {
	// Epoch is the current epoch. An error means that it could not be learned.
	Epoch(ctx context.Context) (uint64, error)
	// Proven says whether the network accepts the proof in this serialized signature (flag included) of the message by
	// the address, which may be a multisig with a zkLogin member. An error means that nobody could be asked, or that the
	// answer is not about the signature (no such key of the issuer yet): never that the signature is wrong.
	Proven(ctx context.Context, address Address, message, signature []byte) (bool, error)
}

// Verifier checks signatures of every scheme.
type Verifier struct {
	Chain   Chain   // of the wallets' network; nil: zkLogin is ErrZkLoginUnavailable
	Aliases Aliases // of the same network; nil: a key that was taken away from its address is not noticed
}

// zkLoginEpochs is how many epochs ahead the protocol lets a zkLogin session reach (zklogin_max_epoch_upper_bound_delta).
const zkLoginEpochs = 30

// Check answers nil error only if signature, as the wallet returned it, is the claimed account's over the personal
// message. The network is asked for zkLogin and about aliases only, and only when everything that can be checked here is right.
// Errors: ErrRefused, ErrOtherAddress, ErrZkLoginExpired, ErrZkLoginUnavailable, ErrKeyRemoved, ErrAliasesUnavailable.
func (v Verifier) Check(ctx context.Context, claimed Address, message []byte, signature string) (Verified, error) {
	raw, err := decode(signature)
	if err != nil {
		return Verified{}, err
	}
	p, err := read(PersonalDigest(message), raw)
	if err != nil {
		return Verified{}, err
	}
	if !p.Proves(claimed) {
		return Verified{}, ErrOtherAddress.Because(fmt.Errorf("%s signature of %s, not of %s", p.Scheme, p.Addresses[0].Short(), claimed.Short()))
	}
	if len(p.maxEpochs) > 0 {
		if err := v.checkZkLogin(ctx, p, claimed, message, raw); err != nil {
			return Verified{}, err
		}
		p.Addresses = []Address{claimed}
	}
	if err := v.checkOwnKey(ctx, claimed); err != nil {
		return Verified{}, err
	}
	return p.Verified, nil
}

// checkOwnKey only ever refuses: the keys that an owner added do not sign in, so that no fullnode can let anybody in.
func (v Verifier) checkOwnKey(ctx context.Context, claimed Address) error {
	if v.Aliases == nil {
		return nil
	}
	own, err := v.Aliases.OwnKey(ctx, claimed)
	if err != nil {
		return ErrAliasesUnavailable.Because(fmt.Errorf("ask for the aliases: %w", err))
	}
	if !own {
		return ErrKeyRemoved.Because(fmt.Errorf("%s is not an alias of itself", claimed.Short()))
	}
	return nil
}

func (v Verifier) checkZkLogin(ctx context.Context, p proof, claimed Address, message, raw []byte) error {
	if v.Chain == nil {
		return errNoChain
	}
	epoch, err := v.Chain.Epoch(ctx)
	if err != nil {
		return ErrZkLoginUnavailable.Because(fmt.Errorf("current epoch: %w", err))
	}
	// A node's VerifySignature does not look at max_epoch: without this an expired session would sign in for ever.
	for _, last := range p.maxEpochs {
		if last < epoch {
			return ErrZkLoginExpired.Because(fmt.Errorf("max epoch %d, current epoch %d", last, epoch))
		}
		if last-epoch > zkLoginEpochs {
			return refuse("zklogin: max epoch %d is more than %d after epoch %d", last, zkLoginEpochs, epoch)
		}
	}
	proven, err := v.Chain.Proven(ctx, claimed, message, raw)
	if err != nil {
		return ErrZkLoginUnavailable.Because(fmt.Errorf("ask for the proof: %w", err))
	}
	if !proven {
		return refuse("zklogin: the network does not accept the proof")
	}
	return nil
}

// Verify gives the addresses that a signature over a personal message proves; the caller compares. It asks nobody:
// zkLogin is ErrZkLoginUnavailable, with the addresses, when all that can be checked here is right. To sign somebody in,
// use Check.
func Verify(message []byte, signature string) (Verified, error) {
	return verify(PersonalDigest(message), signature)
}

// VerifyTransaction gives the addresses that a signature over a transaction's BCS bytes proves. It asks nobody: for zkLogin
// see Verify.
func VerifyTransaction(data []byte, signature string) (Verified, error) {
	return verify(TransactionDigest(data), signature)
}

func verify(digest [32]byte, signature string) (Verified, error) {
	raw, err := decode(signature)
	if err != nil {
		return Verified{}, err
	}
	p, err := read(digest, raw)
	if err != nil {
		return Verified{}, err
	}
	if len(p.maxEpochs) > 0 {
		return p.Verified, errNoChain
	}
	return p.Verified, nil
}

var errNoChain = ErrZkLoginUnavailable.Because(errors.New("no fullnode is configured"))

// PersonalDigest is what a wallet signs for a personal message.
func PersonalDigest(message []byte) [32]byte {
	// Intent: scope 3 (personal message), version 0, app 0 (Sui). The message is a BCS vector<u8>.
	return blake2b.Sum256(append([]byte{3, 0, 0}, MessageBCS(message)...))
}

// TransactionDigest is what a wallet signs for a transaction, given the BCS of its TransactionData. It is not the digest that
// names the transaction on the chain.
func TransactionDigest(data []byte) [32]byte {
	return blake2b.Sum256(append([]byte{0, 0, 0}, data...)) // intent: scope 0 (transaction), version 0, app 0
}

// MessageBCS is the message as the network reads it: a BCS vector<u8>.
func MessageBCS(message []byte) []byte { return bcs.AppendBytes(nil, message) }

// proof is what the local checks leave.
type proof struct {
	Verified
	maxEpochs []uint64 // of each zkLogin signature in it: the network has not been asked yet
}

// maxSignatureBytes has room for a committee of ten with zkLogin and passkey members.
const maxSignatureBytes = 16 << 10

func decode(signature string) ([]byte, error) {
	if len(signature) > base64.StdEncoding.EncodedLen(maxSignatureBytes) {
		return nil, refuse("longer than %d bytes", maxSignatureBytes)
	}
	// Go skips line ends even in strict mode, which would give one signature many texts.
	raw, err := base64.StdEncoding.Strict().DecodeString(signature)
	if err != nil || strings.ContainsAny(signature, "\r\n") {
		return nil, refuse("not canonical base64")
	}
	if len(raw) == 0 {
		return nil, refuse("empty")
	}
	return raw, nil
}

// read does every check that needs no network.
func read(digest [32]byte, raw []byte) (p proof, err error) {
	scheme := Scheme(raw[0])
	switch scheme {
	case Ed25519, Secp256k1, Secp256r1:
		var address Address
		address, err = readPlain(digest, raw)
		p.Addresses = []Address{address}
	case MultiSig:
		p, err = readMultisig(digest, raw[1:])
	case ZkLogin:
		p, err = readZkLogin(digest, raw[1:])
	case Passkey:
		var key []byte
		key, err = readPasskey(digest, raw[1:])
		p.Addresses = []Address{AddressOf(Passkey, key)}
	default:
		return proof{}, refuse("%s is not known", scheme)
	}
	if err != nil {
		return proof{}, refuse("%s: %w", scheme, err)
	}
	p.Scheme = scheme
	return p, nil
}

func readPlain(digest [32]byte, raw []byte) (Address, error) {
	scheme, signature, key, err := splitPlain(raw)
	if err != nil {
		return Address{}, err
	}
	return AddressOf(scheme, key), verifyPlain(scheme, digest[:], signature, key)
}

// refuse is ErrRefused with its reason. Signature bytes do not belong into a reason: logs are read by many.
func refuse(format string, args ...any) error {
	return ErrRefused.Because(fmt.Errorf(format, args...))
}
