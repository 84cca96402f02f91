// Package ptb turns programmable transactions from the message that nodes speak of them into the BCS that wallets sign, and
// back. It knows what moves coins and balances: no publishing, no upgrades.
//
// sui-go's suiptb cannot read what wallets send today: withdrawals from address balances, gas paid from them, and expirations
// with a range of epochs.
package ptb

import (
	"errors"
	"fmt"

	"golang.org/x/crypto/blake2b"

	"suiftly/internal/sui"
	"suiftly/internal/sui/bcs"
	"suiftly/internal/sui/chain/rpc"
)

// ErrUnknown is the cause when a transaction is of a kind, or has a command, that this package does not know.
var ErrUnknown = errors.New("not a kind of transaction that is known here")

// The protocol's bounds.
const (
	maxItems = 2048 // inputs, arguments, commands
	maxBytes = 128 << 10
)

// Digest names the transaction with these BCS bytes.
func Digest(data []byte) sui.Digest {
	return blake2b.Sum256(append([]byte("TransactionData::"), data...))
}

// The variants of the BCS enums.
const (
	inputPure, inputObject, inputWithdrawal    = 0, 1, 2
	objectOwned, objectShared, objectReceiving = 0, 1, 2
	commandCall, commandTransfer               = 0, 1
	commandSplit, commandMerge                 = 2, 3
	argumentGas, argumentInput                 = 0, 1
	argumentResult, argumentNested             = 2, 3
	expireNever, expireEpoch, expireRange      = 0, 1, 2
	withdrawSender, withdrawSponsor            = 0, 1
)

// Decode reads the BCS of a TransactionData. What it gives encodes to the same bytes.
func Decode(data []byte) (*rpc.Transaction, error) {
	if len(data) > maxBytes {
		return nil, fmt.Errorf("transaction of %d bytes: more than %d", len(data), maxBytes)
	}
	d := &decoder{Reader: bcs.NewReader(data)}
	if version, kind := d.ULEB(), d.ULEB(); version != 0 || kind != 0 { // V1, ProgrammableTransaction
		return nil, ErrUnknown
	}
	t := &rpc.Transaction{Version: new(int32(1)), Kind: Kind(nil, nil)}
	p := t.Kind.GetProgrammableTransaction()
	for range d.Count(maxItems) {
		p.Inputs = append(p.Inputs, d.input())
	}
	for range d.Count(maxItems) {
		p.Commands = append(p.Commands, d.command())
	}
	t.Sender = d.address()
	t.GasPayment = &rpc.GasPayment{}
	for range d.Count(maxItems) {
		id, version, digest := d.reference()
		t.GasPayment.Objects = append(t.GasPayment.Objects, &rpc.ObjectReference{ObjectId: id, Version: version, Digest: digest})
	}
	t.GasPayment.Owner, t.GasPayment.Price, t.GasPayment.Budget = d.address(), new(d.U64()), new(d.U64())
	t.Expiration = d.expiration()
	err := d.End()
	if d.unknown {
		err = ErrUnknown
	}
	if err != nil {
		return nil, fmt.Errorf("decode transaction: %w", err)
	}
	t.Digest = new(Digest(data).String())
	t.Bcs = &rpc.Bcs{Name: new("TransactionData"), Value: data}
	return t, nil
}

// Kind is a transaction's inputs and commands.
func Kind(inputs []*rpc.Input, commands []*rpc.Command) *rpc.TransactionKind {
	return &rpc.TransactionKind{
		Kind: rpc.TransactionKind_PROGRAMMABLE_TRANSACTION,
		Data: &rpc.TransactionKind_ProgrammableTransaction{ProgrammableTransaction: &rpc.ProgrammableTransaction{Inputs: inputs, Commands: commands}},
	}
}

type decoder struct {
	*bcs.Reader
	unknown bool
}

// dunno ends the reading: what follows cannot be told apart.
func (d *decoder) dunno() {
	d.unknown = true
	d.Fail()
}

func (d *decoder) address() *string {
	var a sui.Address
	copy(a[:], d.Take(len(a)))
	return new(a.String())
}

func (d *decoder) digest() *string {
	var digest sui.Digest
	if b := d.Bytes(); len(b) == len(digest) {
		digest = sui.Digest(b)
	} else {
		d.Fail()
	}
	return new(digest.String())
}

func (d *decoder) reference() (id *string, version *uint64, digest *string) {
	return d.address(), new(d.U64()), d.digest()
}

func (d *decoder) input() *rpc.Input {
	switch d.ULEB() {
	case inputPure:
		return &rpc.Input{Kind: rpc.Input_PURE, Pure: d.Bytes()}
	case inputObject:
		in := &rpc.Input{}
		switch d.ULEB() {
		case objectOwned:
			in.Kind = rpc.Input_IMMUTABLE_OR_OWNED
			in.ObjectId, in.Version, in.Digest = d.reference()
		case objectShared:
			in.Kind = rpc.Input_SHARED
			in.ObjectId, in.Version, in.Mutable = d.address(), new(d.U64()), new(d.Bool())
		case objectReceiving:
			in.Kind = rpc.Input_RECEIVING
			in.ObjectId, in.Version, in.Digest = d.reference()
		default:
			d.dunno()
		}
		return in
	case inputWithdrawal:
		w := &rpc.FundsWithdrawal{}
		if d.ULEB() != 0 { // Reservation::MaxAmountU64
			d.dunno()
		}
		w.Amount = new(d.U64())
		if d.ULEB() != 0 { // WithdrawalType::Balance
			d.dunno()
		}
		w.CoinType = new(readType(d.Reader, 0).String())
		switch d.ULEB() {
		case withdrawSender:
			w.Source = rpc.FundsWithdrawal_SENDER
		case withdrawSponsor:
			w.Source = rpc.FundsWithdrawal_SPONSOR
		default:
			d.dunno()
		}
		return &rpc.Input{Kind: rpc.Input_FUNDS_WITHDRAWAL, FundsWithdrawal: w}
	}
	d.dunno()
	return nil
}

func (d *decoder) command() *rpc.Command {
	switch d.ULEB() {
	case commandCall:
		m := &rpc.MoveCall{Package: d.address(), Module: new(string(d.Bytes())), Function: new(string(d.Bytes()))}
		if !identifier(m.GetModule()) || !identifier(m.GetFunction()) {
			d.Fail()
		}
		for range d.Count(maxItems) {
			m.TypeArguments = append(m.TypeArguments, readType(d.Reader, 0).String())
		}
		m.Arguments = d.arguments()
		return &rpc.Command{Command: &rpc.Command_MoveCall{MoveCall: m}}
	case commandTransfer:
		return &rpc.Command{Command: &rpc.Command_TransferObjects{TransferObjects: &rpc.TransferObjects{Objects: d.arguments(), Address: d.argument()}}}
	case commandSplit:
		return &rpc.Command{Command: &rpc.Command_SplitCoins{SplitCoins: &rpc.SplitCoins{Coin: d.argument(), Amounts: d.arguments()}}}
	case commandMerge:
		return &rpc.Command{Command: &rpc.Command_MergeCoins{MergeCoins: &rpc.MergeCoins{Coin: d.argument(), CoinsToMerge: d.arguments()}}}
	}
	d.dunno()
	return nil
}

func (d *decoder) arguments() (all []*rpc.Argument) {
	for range d.Count(maxItems) {
		all = append(all, d.argument())
	}
	return all
}

func (d *decoder) argument() *rpc.Argument {
	switch d.ULEB() {
	case argumentGas:
		return &rpc.Argument{Kind: rpc.Argument_GAS}
	case argumentInput:
		return &rpc.Argument{Kind: rpc.Argument_INPUT, Input: new(uint32(d.U16()))}
	case argumentResult:
		return &rpc.Argument{Kind: rpc.Argument_RESULT, Result: new(uint32(d.U16()))}
	case argumentNested:
		return &rpc.Argument{Kind: rpc.Argument_RESULT, Result: new(uint32(d.U16())), Subresult: new(uint32(d.U16()))}
	}
	d.Fail()
	return nil
}

func (d *decoder) expiration() *rpc.TransactionExpiration {
	switch d.ULEB() {
	case expireNever:
		return &rpc.TransactionExpiration{Kind: rpc.TransactionExpiration_NONE}
	case expireEpoch:
		return &rpc.TransactionExpiration{Kind: rpc.TransactionExpiration_EPOCH, Epoch: new(d.U64())}
	case expireRange:
		e := &rpc.TransactionExpiration{Kind: rpc.TransactionExpiration_VALID_DURING, MinEpoch: d.option(), Epoch: d.option()}
		if from, to := d.option(), d.option(); from != nil || to != nil { // timestamps: the network does not take them yet
			d.dunno()
		}
		e.Chain, e.Nonce = d.digest(), new(d.U32())
		return e
	}
	d.dunno()
	return nil
}

func (d *decoder) option() *uint64 {
	if d.Bool() {
		return new(d.U64())
	}
	return nil
}
