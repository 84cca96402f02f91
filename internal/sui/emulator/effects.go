package emulator

import (
	"cmp"
	"slices"

	"golang.org/x/crypto/blake2b"

	"suiftly/internal/sui"
	"suiftly/internal/sui/bcs"
	"suiftly/internal/sui/chain/rpc"
	"suiftly/internal/sui/ptb"
)

// change is what happened to one object, or to one balance.
type change struct {
	id         sui.Address
	in, out    *object // nil: it does not exist
	funds      account // of a balance
	added      int64
	ofBalances bool
}

func (x *execution) objectChanges() []change {
	var all []change
	for id, o := range x.before {
		all = append(all, change{id: id, in: o, out: x.live[id]})
	}
	for id, o := range x.live {
		if x.before[id] == nil {
			all = append(all, change{id: id, out: o})
		}
	}
	for a, n := range x.funds {
		if n != 0 {
			all = append(all, change{id: accumulator(a), funds: a, added: n, ofBalances: true})
		}
	}
	slices.SortFunc(all, func(a, b change) int { return slices.Compare(a.id[:], b.id[:]) })
	return all
}

// accumulator is the id of the dynamic field of 0xacc that holds a balance:
// blake2b-256(f0 || parent || length of the key || key || BCS of the key's type).
func accumulator(a account) sui.Address {
	parent := sui.Address{30: 0x0a, 31: 0xcc}
	tag, err := ptb.TypeBCS(framework + "::accumulator::Key<" + balanceOf(a.coinType) + ">")
	if err != nil {
		panic(err) // types are canonical in here
	}
	b := append([]byte{0xf0}, parent[:]...)
	b = append(bcs.AppendU64(b, uint64(len(a.owner))), a.owner[:]...)
	return blake2b.Sum256(append(b, tag...))
}

func balanceOf(coinType string) string { return framework + "::balance::Balance<" + coinType + ">" }

// proto is the transaction as a node tells it before it is in a checkpoint.
func (x *execution) proto() *rpc.ExecutedTransaction {
	return &rpc.ExecutedTransaction{
		Digest: new(x.digest.String()), Transaction: x.transaction, Effects: x.effects(), BalanceChanges: x.changes(),
	}
}

func (x *execution) effects() *rpc.TransactionEffects {
	encoded := x.effectsBCS()
	digest := sui.Digest(blake2b.Sum256(append([]byte("TransactionEffects::"), encoded...)))
	e := &rpc.TransactionEffects{
		Bcs: &rpc.Bcs{Name: new("TransactionEffects"), Value: encoded}, Digest: new(digest.String()), Version: new(int32(2)),
		Status: &rpc.ExecutionStatus{Success: new(x.failed == nil)}, Epoch: new(x.ledger.epoch), GasUsed: x.gasUsed(),
		TransactionDigest: new(x.digest.String()), LamportVersion: new(x.lamport()),
	}
	if f := x.failed; f != nil {
		e.Status.Error = &rpc.ExecutionError{Kind: f.kind, Description: &f.text, Command: &f.command}
	}
	for _, c := range x.objectChanges() {
		told := c.proto()
		e.ChangedObjects = append(e.ChangedObjects, told)
		if x.gas != nil && c.id == x.gas.id {
			e.GasObject = told
		}
	}
	return e
}

func (c change) proto() *rpc.ChangedObject {
	o := &rpc.ChangedObject{
		ObjectId: new(c.id.String()), InputState: rpc.ChangedObject_INPUT_OBJECT_STATE_DOES_NOT_EXIST,
		OutputState: rpc.ChangedObject_OUTPUT_OBJECT_STATE_DOES_NOT_EXIST, IdOperation: rpc.ChangedObject_NONE,
	}
	if c.ofBalances {
		w := &rpc.AccumulatorWrite{
			Address: new(c.funds.owner.String()), AccumulatorType: new(balanceOf(c.funds.coinType)),
			Operation: rpc.AccumulatorWrite_MERGE, ValueKind: rpc.AccumulatorWrite_INTEGER, IntegerValue: new(uint64(c.added)),
		}
		if c.added < 0 {
			w.Operation, w.IntegerValue = rpc.AccumulatorWrite_SPLIT, new(uint64(-c.added))
		}
		o.OutputState, o.AccumulatorWrite = rpc.ChangedObject_OUTPUT_OBJECT_STATE_ACCUMULATOR_WRITE, w
		return o
	}
	o.ObjectType = new(coinObject(cmp.Or(c.in, c.out).coinType))
	if c.in != nil {
		o.InputState, o.InputVersion, o.InputDigest, o.InputOwner = rpc.ChangedObject_INPUT_OBJECT_STATE_EXISTS, &c.in.version, new(c.in.digest.String()), ownerOf(c.in.owner)
	}
	if c.out != nil {
		o.OutputState, o.OutputVersion, o.OutputDigest, o.OutputOwner = rpc.ChangedObject_OUTPUT_OBJECT_STATE_OBJECT_WRITE, &c.out.version, new(c.out.digest.String()), ownerOf(c.out.owner)
	}
	switch {
	case c.in == nil:
		o.IdOperation = rpc.ChangedObject_CREATED
	case c.out == nil:
		o.IdOperation = rpc.ChangedObject_DELETED
	}
	return o
}

// effectsBCS is the BCS of TransactionEffects::V2.
func (x *execution) effectsBCS() []byte {
	b := []byte{1}
	if x.failed == nil {
		b = append(b, 0)
	} else {
		b = append(append(b, 1), x.failed.variant...)
		b = bcs.AppendU64(append(b, 1), x.failed.command)
	}
	b = bcs.AppendU64(b, x.ledger.epoch)
	g := x.gasUsed()
	for _, n := range []uint64{g.GetComputationCost(), g.GetStorageCost(), g.GetStorageRebate(), g.GetNonRefundableStorageFee()} {
		b = bcs.AppendU64(b, n)
	}
	b = bcs.AppendBytes(b, x.digest[:])
	changes := x.objectChanges()
	if x.gas == nil {
		b = append(b, 0)
	} else {
		i := slices.IndexFunc(changes, func(c change) bool { return c.id == x.gas.id })
		b = bcs.AppendU32(append(b, 1), uint32(i))
	}
	b = append(b, 0, 0) // no events, no dependencies
	b = bcs.AppendU64(b, x.lamport())
	b = bcs.AppendULEB(b, len(changes))
	for _, c := range changes {
		b = c.append(b)
	}
	return append(b, 0, 0) // no unchanged consensus objects, no auxiliary data
}

func (c change) append(b []byte) []byte {
	b = append(b, c.id[:]...)
	if c.in == nil {
		b = append(b, 0)
	} else {
		b = bcs.AppendU64(append(b, 1), c.in.version)
		b = bcs.AppendBytes(b, c.in.digest[:])
		b = append(append(b, 0), c.in.owner[:]...)
	}
	switch {
	case c.ofBalances:
		tag, err := ptb.TypeBCS(balanceOf(c.funds.coinType))
		if err != nil {
			panic(err) // types are canonical in here
		}
		b = append(append(append(b, 3), c.funds.owner[:]...), tag...)
		operation, n := byte(0), c.added
		if n < 0 {
			operation, n = 1, -n
		}
		b = bcs.AppendU64(append(b, operation, 0), uint64(n))
		return append(b, 0) // the id neither came nor went
	case c.out == nil:
		b = append(b, 0)
	default:
		b = bcs.AppendBytes(append(b, 1), c.out.digest[:])
		b = append(append(b, 0), c.out.owner[:]...)
	}
	switch {
	case c.in == nil:
		return append(b, 1)
	case c.out == nil:
		return append(b, 2)
	}
	return append(b, 0)
}
