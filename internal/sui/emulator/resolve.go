package emulator

import (
	"encoding/base64"

	"google.golang.org/protobuf/proto"

	"suiftly/internal/sui"
	"suiftly/internal/sui/bcs"
	"suiftly/internal/sui/chain/rpc"
	"suiftly/internal/sui/ptb"
)

// resolve fills in what a client left to the node: versions and digests of objects, and, with gas, what pays for it.
func (l *ledger) resolve(t *rpc.Transaction, chain string, gas bool) (*rpc.Transaction, error) {
	if data := t.GetBcs().GetValue(); data != nil {
		decoded, err := ptb.Decode(data)
		if err != nil {
			return nil, rejection{err}
		}
		t = decoded
	} else {
		t = proto.CloneOf(t)
		for i, in := range t.GetKind().GetProgrammableTransaction().GetInputs() {
			if err := l.resolveInput(in); err != nil {
				return nil, reject("input %d: %w", i, err)
			}
		}
	}
	if t.GasPayment == nil {
		t.GasPayment = &rpc.GasPayment{}
	}
	g := t.GasPayment
	if g.GetOwner() == "" {
		g.Owner = t.Sender
	}
	if g.GetPrice() == 0 {
		g.Price = new(uint64(referencePrice))
	}
	if t.Expiration.GetKind() == 0 {
		t.Expiration = &rpc.TransactionExpiration{Kind: rpc.TransactionExpiration_NONE}
	}
	if gas {
		return l.payGas(t, chain)
	}
	return canonical(t)
}

// canonical gives the transaction as its own BCS tells it.
func canonical(t *rpc.Transaction) (*rpc.Transaction, error) {
	data, err := ptb.Encode(t)
	if err != nil {
		return nil, rejection{err}
	}
	return ptb.Decode(data)
}

func (l *ledger) resolveInput(in *rpc.Input) error {
	switch {
	case in.FundsWithdrawal != nil:
		in.Kind = rpc.Input_FUNDS_WITHDRAWAL
		if in.FundsWithdrawal.Source == 0 {
			in.FundsWithdrawal.Source = rpc.FundsWithdrawal_SENDER
		}
	case in.ObjectId == nil:
		in.Kind = rpc.Input_PURE
	case in.Version == nil || in.Digest == nil:
		id, err := sui.ParseAddress(in.GetObjectId())
		if err != nil {
			return err
		}
		o := l.objects[id]
		if o == nil {
			return reject("object %s not found", id)
		}
		in.Kind, in.Version, in.Digest = rpc.Input_IMMUTABLE_OR_OWNED, &o.version, new(o.digest.String())
	case in.Kind == 0:
		in.Kind = rpc.Input_IMMUTABLE_OR_OWNED
	}
	return nil
}

// payGas chooses coins, or the payer's balance when there is no coin, and a budget that a trial run needed.
func (l *ledger) payGas(t *rpc.Transaction, chain string) (*rpc.Transaction, error) {
	g := t.GasPayment
	payer, err := sui.ParseAddress(g.GetOwner())
	if err != nil {
		return nil, reject("gas owner: %w", err)
	}
	used := map[string]bool{}
	for _, in := range t.GetKind().GetProgrammableTransaction().GetInputs() {
		used[in.GetObjectId()] = true
	}
	var funds uint64
	if len(g.Objects) == 0 {
		// All of them, because the transaction may split what it pays with.
		for _, o := range l.owned(payer, SUI) {
			if !used[o.id.String()] && len(g.Objects) < 256 {
				g.Objects = append(g.Objects, o.reference())
				funds += o.balance
			}
		}
		if len(g.Objects) == 0 {
			funds = l.funds[account{payer, SUI}]
			t.Expiration = &rpc.TransactionExpiration{
				Kind: rpc.TransactionExpiration_VALID_DURING, MinEpoch: new(l.epoch), Epoch: new(l.epoch + 1), Chain: &chain, Nonce: new(uint32(len(l.entries))),
			}
		}
	} else {
		for _, ref := range g.Objects {
			if id, err := sui.ParseAddress(ref.GetObjectId()); err == nil && l.objects[id] != nil {
				funds += l.objects[id].balance
			}
		}
	}
	if funds == 0 {
		return nil, reject("unable to select sufficient gas: %s has no SUI", payer)
	}
	if g.GetBudget() > 0 {
		return canonical(t)
	}
	g.Budget = new(min(funds, 5_000_000_000))
	trial, err := canonical(t)
	if err != nil {
		return nil, err
	}
	x, err := l.execute(trial, chain)
	if err != nil {
		return nil, err
	}
	cost := x.gasUsed()
	g.Budget = new(min(*g.Budget, cost.GetComputationCost()*2+cost.GetStorageCost()))
	return canonical(t)
}

// signed checks that the sender, and who else pays, signed.
func signed(t *rpc.Transaction, data []byte, signatures []string) error {
	signers := []string{t.GetSender()}
	if owner := t.GetGasPayment().GetOwner(); owner != signers[0] {
		signers = append(signers, owner)
	}
	if len(signatures) != len(signers) {
		return reject("expected %d signatures, got %d", len(signers), len(signatures))
	}
	for i, s := range signatures {
		address, err := sui.ParseAddress(signers[i])
		if err != nil {
			return rejection{err}
		}
		v, err := sui.VerifyTransaction(data, s)
		if err != nil {
			return reject("signature is not valid: %w", err)
		}
		if !v.Proves(address) {
			return reject("signature is not valid: signed by %s, not by %s", v.Addresses[0], address)
		}
	}
	return nil
}

func userSignature(text string) *rpc.UserSignature {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err) // it was verified
	}
	return &rpc.UserSignature{Bcs: &rpc.Bcs{Name: new("UserSignatureBytes"), Value: raw}}
}

func pureU64(n uint64) *rpc.Input {
	return &rpc.Input{Kind: rpc.Input_PURE, Pure: bcs.AppendU64(nil, n)}
}
