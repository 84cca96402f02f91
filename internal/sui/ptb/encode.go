package ptb

import (
	"errors"
	"fmt"
	"math"

	"suiftly/internal/sui"
	"suiftly/internal/sui/bcs"
	"suiftly/internal/sui/chain/rpc"
)

// Encode writes the TransactionData that a wallet signs. Everything must be resolved: objects with version and digest, the gas
// payment with owner, price and budget. Bytes and a digest that t carries are not looked at.
func Encode(t *rpc.Transaction) ([]byte, error) {
	p := t.GetKind().GetProgrammableTransaction()
	if p == nil {
		return nil, ErrUnknown
	}
	e := &encoder{b: []byte{0, 0}}
	e.length(len(p.Inputs))
	for i, in := range p.Inputs {
		e.at("input", i)
		e.input(in)
	}
	e.length(len(p.Commands))
	for i, c := range p.Commands {
		e.at("command", i)
		e.command(c)
	}
	e.where = "transaction"
	e.address(t.GetSender())
	e.where = "gas"
	g := t.GetGasPayment()
	e.length(len(g.GetObjects()))
	for _, o := range g.GetObjects() {
		e.reference(o.GetObjectId(), o.Version, o.GetDigest())
	}
	e.address(g.GetOwner())
	e.number(g.GetPrice())
	e.number(g.GetBudget())
	e.where = "expiration"
	e.expiration(t.GetExpiration())
	if len(e.b) > maxBytes {
		e.fail(errors.New("too long"))
	}
	if e.err != nil {
		return nil, e.err
	}
	return e.b, nil
}

// encoder keeps the first error and where it was.
type encoder struct {
	b     []byte
	where string
	err   error
}

func (e *encoder) at(what string, i int) { e.where = fmt.Sprintf("%s %d", what, i) }

func (e *encoder) fail(err error) {
	if e.err == nil {
		e.err = fmt.Errorf("encode %s: %w", e.where, err)
	}
}

func (e *encoder) length(n int) {
	if n > maxItems {
		e.fail(fmt.Errorf("%d items", n))
	}
	e.b = bcs.AppendULEB(e.b, n)
}

func (e *encoder) variant(n byte) { e.b = append(e.b, n) }

func (e *encoder) number(n uint64) { e.b = bcs.AppendU64(e.b, n) }

func (e *encoder) text(s string) {
	if !identifier(s) {
		e.fail(fmt.Errorf("%.100q is not a name", s))
	}
	e.b = bcs.AppendBytes(e.b, s)
}

func (e *encoder) address(text string) {
	a, err := sui.ParseAddress(text)
	if err != nil {
		e.fail(err)
	}
	e.b = append(e.b, a[:]...)
}

func (e *encoder) digest(text string) {
	d, err := sui.ParseDigest(text)
	if err != nil {
		e.fail(err)
	}
	e.b = bcs.AppendBytes(e.b, d[:])
}

func (e *encoder) reference(id string, version *uint64, digest string) {
	if version == nil {
		e.fail(errors.New("an object without its version"))
		return
	}
	e.address(id)
	e.number(*version)
	e.digest(digest)
}

func (e *encoder) typeTag(text string) {
	t, err := parseType(text)
	if err != nil {
		e.fail(err)
		return
	}
	e.b = t.append(e.b)
}

func (e *encoder) input(in *rpc.Input) {
	switch in.GetKind() {
	case rpc.Input_PURE:
		e.variant(inputPure)
		e.b = bcs.AppendBytes(e.b, in.Pure)
	case rpc.Input_IMMUTABLE_OR_OWNED, rpc.Input_RECEIVING:
		e.variant(inputObject)
		e.variant(map[bool]byte{true: objectOwned, false: objectReceiving}[in.Kind == rpc.Input_IMMUTABLE_OR_OWNED])
		e.reference(in.GetObjectId(), in.Version, in.GetDigest())
	case rpc.Input_SHARED:
		if in.Version == nil {
			e.fail(errors.New("a shared object without its first version"))
		}
		e.variant(inputObject)
		e.variant(objectShared)
		e.address(in.GetObjectId())
		e.number(in.GetVersion())
		e.bool(in.GetMutable())
	case rpc.Input_FUNDS_WITHDRAWAL:
		w := in.GetFundsWithdrawal()
		e.variant(inputWithdrawal)
		e.variant(0)
		e.number(w.GetAmount())
		e.variant(0)
		e.typeTag(w.GetCoinType())
		switch w.GetSource() {
		case rpc.FundsWithdrawal_SENDER:
			e.variant(withdrawSender)
		case rpc.FundsWithdrawal_SPONSOR:
			e.variant(withdrawSponsor)
		default:
			e.fail(ErrUnknown)
		}
	default:
		e.fail(ErrUnknown)
	}
}

func (e *encoder) bool(v bool) { e.variant(map[bool]byte{true: 1}[v]) }

func (e *encoder) command(c *rpc.Command) {
	switch c := c.GetCommand().(type) {
	case *rpc.Command_MoveCall:
		m := c.MoveCall
		e.variant(commandCall)
		e.address(m.GetPackage())
		e.text(m.GetModule())
		e.text(m.GetFunction())
		e.length(len(m.TypeArguments))
		for _, t := range m.TypeArguments {
			e.typeTag(t)
		}
		e.arguments(m.Arguments)
	case *rpc.Command_TransferObjects:
		e.variant(commandTransfer)
		e.arguments(c.TransferObjects.GetObjects())
		e.argument(c.TransferObjects.GetAddress())
	case *rpc.Command_SplitCoins:
		e.variant(commandSplit)
		e.argument(c.SplitCoins.GetCoin())
		e.arguments(c.SplitCoins.GetAmounts())
	case *rpc.Command_MergeCoins:
		e.variant(commandMerge)
		e.argument(c.MergeCoins.GetCoin())
		e.arguments(c.MergeCoins.GetCoinsToMerge())
	default:
		e.fail(ErrUnknown)
	}
}

func (e *encoder) arguments(all []*rpc.Argument) {
	e.length(len(all))
	for _, a := range all {
		e.argument(a)
	}
}

func (e *encoder) argument(a *rpc.Argument) {
	switch a.GetKind() {
	case rpc.Argument_GAS:
		e.variant(argumentGas)
	case rpc.Argument_INPUT:
		e.variant(argumentInput)
		e.index(a.GetInput())
	case rpc.Argument_RESULT:
		if a.Subresult == nil {
			e.variant(argumentResult)
			e.index(a.GetResult())
			return
		}
		e.variant(argumentNested)
		e.index(a.GetResult())
		e.index(a.GetSubresult())
	default:
		e.fail(ErrUnknown)
	}
}

func (e *encoder) index(i uint32) {
	if i > math.MaxUint16 {
		e.fail(fmt.Errorf("index %d", i))
	}
	e.b = bcs.AppendU16(e.b, uint16(i))
}

func (e *encoder) expiration(x *rpc.TransactionExpiration) {
	switch x.GetKind() {
	case rpc.TransactionExpiration_NONE:
		e.variant(expireNever)
	case rpc.TransactionExpiration_EPOCH:
		e.variant(expireEpoch)
		e.number(x.GetEpoch())
	case rpc.TransactionExpiration_VALID_DURING:
		if x.MinTimestamp != nil || x.MaxTimestamp != nil {
			e.fail(ErrUnknown)
		}
		e.variant(expireRange)
		e.option(x.MinEpoch)
		e.option(x.Epoch)
		e.option(nil)
		e.option(nil)
		e.digest(x.GetChain())
		e.b = bcs.AppendU32(e.b, x.GetNonce())
	default:
		e.fail(ErrUnknown)
	}
}

func (e *encoder) option(n *uint64) {
	e.bool(n != nil)
	if n != nil {
		e.number(*n)
	}
}
