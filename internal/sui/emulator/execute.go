package emulator

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"suiftly/internal/sui"
	"suiftly/internal/sui/chain/rpc"
)

const (
	referencePrice   = 1000 // MIST a unit of computation
	computationUnits = 1000 // of every transaction
)

// rejection is why a transaction is not executed at all: nothing of it is on the chain.
type rejection struct{ error }

func reject(format string, args ...any) error { return rejection{fmt.Errorf(format, args...)} }

// failure is why a transaction that is on the chain did nothing but cost gas.
type failure struct {
	kind    rpc.ExecutionError_ExecutionErrorKind
	variant []byte // in BCS
	text    string
	command uint64
}

// execution is one run of a transaction against copies.
type execution struct {
	ledger        *ledger
	transaction   *rpc.Transaction
	digest        sui.Digest
	sender, payer sui.Address
	price, budget uint64

	before  map[sui.Address]*object // what it takes
	live    map[sui.Address]*object // copies of that, and what it made
	funds   map[account]int64       // what it adds to balances
	gas     *object                 // nil: gas is paid from the payer's balance
	inputs  []*value
	created uint64
	failed  *failure
}

// execute runs a resolved transaction. The ledger is not changed. Errors are rejections.
func (l *ledger) execute(t *rpc.Transaction, chain string) (*execution, error) {
	x, err := l.admit(t, chain)
	if err != nil {
		return nil, err
	}
	failed := x.run()
	if failed == nil && !x.pay() {
		failed = &failure{kind: rpc.ExecutionError_INSUFFICIENT_GAS, variant: []byte{0}, text: "InsufficientGas"}
	}
	if failed != nil {
		if x, err = l.admit(t, chain); err != nil { // as if no command had run
			return nil, err
		}
		x.failed = failed
		if !x.pay() { // admission saw to it
			return nil, errors.New("an admitted transaction cannot pay for its failure")
		}
	}
	for _, o := range x.live {
		o.version, o.previous = x.lamport(), x.digest
		o.seal()
	}
	return x, nil
}

// admit checks what validators check before they sign, and takes the inputs.
func (l *ledger) admit(t *rpc.Transaction, chain string) (*execution, error) {
	p := t.GetKind().GetProgrammableTransaction()
	if p == nil || len(p.Commands) == 0 {
		return nil, reject("not a programmable transaction with commands")
	}
	x := &execution{
		ledger: l, transaction: t, price: t.GetGasPayment().GetPrice(), budget: t.GetGasPayment().GetBudget(),
		before: map[sui.Address]*object{}, live: map[sui.Address]*object{}, funds: map[account]int64{},
	}
	var err error
	if x.digest, err = sui.ParseDigest(t.GetDigest()); err != nil {
		return nil, rejection{err}
	}
	if x.sender, err = sui.ParseAddress(t.GetSender()); err != nil {
		return nil, reject("sender: %w", err)
	}
	if x.payer, err = sui.ParseAddress(t.GetGasPayment().GetOwner()); err != nil {
		return nil, reject("gas owner: %w", err)
	}
	if err := l.current(t, chain); err != nil {
		return nil, err
	}
	if x.price < referencePrice || x.price > 100*referencePrice {
		return nil, reject("gas price %d: the reference gas price is %d", x.price, referencePrice)
	}
	if x.budget < computationUnits*x.price || x.budget > 50_000_000_000 {
		return nil, reject("gas budget %d is not between %d and 50000000000", x.budget, computationUnits*x.price)
	}
	if err := x.takeGas(); err != nil {
		return nil, err
	}
	return x, x.takeInputs(p.Inputs)
}

// current checks when, and on which chain, the transaction may run.
func (l *ledger) current(t *rpc.Transaction, chain string) error {
	e := t.GetExpiration()
	switch e.GetKind() {
	case rpc.TransactionExpiration_EPOCH:
		if e.GetEpoch() < l.epoch {
			return reject("transaction expired with epoch %d, this is %d", e.GetEpoch(), l.epoch)
		}
	case rpc.TransactionExpiration_VALID_DURING:
		if e.MinEpoch != nil && l.epoch < e.GetMinEpoch() || e.Epoch != nil && l.epoch > e.GetEpoch() {
			return reject("transaction is valid from epoch %d to %d, this is %d", e.GetMinEpoch(), e.GetEpoch(), l.epoch)
		}
		if e.GetChain() != chain {
			return reject("transaction is for chain %s", e.GetChain())
		}
	case rpc.TransactionExpiration_NONE:
		if len(t.GetGasPayment().GetObjects()) == 0 {
			return reject("gas from an address balance needs an expiration") // nothing else keeps it from running twice
		}
	}
	return nil
}

// take gives the working copy of a coin of owner.
func (x *execution) take(id string, version *uint64, digest string, owner sui.Address) (*object, error) {
	address, err := sui.ParseAddress(id)
	if err != nil {
		return nil, reject("object %q: %w", id, err)
	}
	o := x.ledger.objects[address]
	switch {
	case o == nil:
		return nil, reject("object %s not found", address)
	case version == nil || o.version != *version || o.digest.String() != digest:
		return nil, reject("object %s is not available for consumption in that version: its current version is %d", address, o.version)
	case o.owner != owner:
		return nil, reject("object %s is not owned by %s", address, owner)
	case x.before[address] != nil:
		return nil, reject("object %s cannot appear more than once in one transaction", address)
	}
	c := *o
	x.before[address], x.live[address] = o, &c
	return &c, nil
}

// takeGas makes one coin of the gas payment, or checks the balance that pays.
func (x *execution) takeGas() error {
	var pays uint64
	payment := x.transaction.GetGasPayment().GetObjects()
	if len(payment) > 256 {
		return reject("%d gas coins: 256 are allowed", len(payment))
	}
	for _, ref := range payment {
		o, err := x.take(ref.GetObjectId(), ref.Version, ref.GetDigest(), x.payer)
		if err != nil {
			return err
		}
		if o.coinType != SUI {
			return reject("gas object %s is not a SUI coin", o.id)
		}
		pays += o.balance
		if x.gas == nil {
			x.gas = o
			continue
		}
		x.gas.balance += o.balance
		delete(x.live, o.id)
	}
	if x.gas == nil {
		pays = x.ledger.funds[account{x.payer, SUI}]
	}
	if pays < x.budget {
		return reject("balance of gas %d is lower than the needed amount: %d", pays, x.budget)
	}
	return nil
}

// takeInputs takes the coins and checks that every withdrawal is covered.
func (x *execution) takeInputs(inputs []*rpc.Input) error {
	reserved := map[account]uint64{}
	if x.gas == nil {
		reserved[account{x.payer, SUI}] = x.budget
	}
	for i, in := range inputs {
		v := &value{}
		switch in.GetKind() {
		case rpc.Input_PURE:
			v.kind, v.pure = aPure, in.GetPure()
		case rpc.Input_IMMUTABLE_OR_OWNED:
			o, err := x.take(in.GetObjectId(), in.Version, in.GetDigest(), x.sender)
			if err != nil {
				return err
			}
			v.kind, v.coin, v.coinType = aCoin, o, o.coinType
		case rpc.Input_FUNDS_WITHDRAWAL:
			w := in.GetFundsWithdrawal()
			from := account{x.sender, w.GetCoinType()}
			if w.GetSource() == rpc.FundsWithdrawal_SPONSOR {
				from.owner = x.payer
			}
			if w.GetAmount() == 0 || w.GetAmount() > math.MaxInt64 {
				return reject("input %d: a withdrawal of %d", i, w.GetAmount())
			}
			if reserved[from] += w.GetAmount(); reserved[from] > x.ledger.funds[from] {
				return reject("input %d: the balance of %s is %d of %s, less than the %d that are withdrawn", i, from.owner, x.ledger.funds[from], from.coinType, reserved[from])
			}
			v.kind, v.coinType, v.amount, v.from = aWithdrawal, from.coinType, w.GetAmount(), from.owner
		default:
			return reject("input %d: the emulator has coins and balances only", i)
		}
		x.inputs = append(x.inputs, v)
	}
	return nil
}

// pay takes the gas; it says whether there was enough.
func (x *execution) pay() bool {
	fee := x.fee()
	switch {
	case fee > int64(x.budget):
		return false
	case x.gas == nil:
		x.funds[account{x.payer, SUI}] -= fee
		return true
	case fee > int64(x.gas.balance):
		return false
	}
	x.gas.balance = uint64(int64(x.gas.balance) - fee)
	return true
}

func (x *execution) gasUsed() *rpc.GasCostSummary {
	return &rpc.GasCostSummary{
		ComputationCost: new(computationUnits * x.price), StorageCost: new(storageRebate * uint64(len(x.live))),
		StorageRebate: new(storageRebate * uint64(len(x.before))), NonRefundableStorageFee: new(uint64(0)),
	}
}

// fee is what the payer loses; storage that is given back can make it negative.
func (x *execution) fee() int64 {
	g := x.gasUsed()
	return int64(g.GetComputationCost()+g.GetStorageCost()) - int64(g.GetStorageRebate())
}

// lamport is the version of everything that the transaction writes.
func (x *execution) lamport() uint64 {
	highest := uint64(0)
	for _, o := range x.before {
		highest = max(highest, o.version)
	}
	return highest + 1
}

// entry is what the ledger keeps.
func (x *execution) entry() *entry {
	e := &entry{sender: x.sender, affected: map[sui.Address]bool{x.sender: true, x.payer: true}, objects: map[sui.Address]*object{}, funds: x.funds, fees: x.fee()}
	for id, o := range x.before {
		e.objects[id] = nil
		e.affected[o.owner] = true
	}
	for id, o := range x.live {
		e.objects[id] = o
		e.affected[o.owner] = true
	}
	for a := range x.funds {
		e.affected[a.owner] = true
	}
	for _, c := range x.transaction.GetKind().GetProgrammableTransaction().GetCommands() {
		if m := c.GetMoveCall(); m != nil {
			e.calls = append(e.calls, m.GetPackage()+"::"+m.GetModule()+"::"+m.GetFunction())
		}
	}
	e.proto = x.proto()
	return e
}

// changes are the net movements per owner and type, coins and balances together, as the network tells them.
func (x *execution) changes() []*rpc.BalanceChange {
	net := maps.Clone(x.funds)
	for _, o := range x.before {
		net[account{o.owner, o.coinType}] -= int64(o.balance)
	}
	for _, o := range x.live {
		net[account{o.owner, o.coinType}] += int64(o.balance)
	}
	var all []*rpc.BalanceChange
	for _, a := range sorted(net) {
		if net[a] != 0 {
			all = append(all, &rpc.BalanceChange{Address: new(a.owner.String()), CoinType: new(a.coinType), Amount: new(fmt.Sprint(net[a]))})
		}
	}
	return all
}

func sorted(m map[account]int64) []account {
	return slices.SortedFunc(maps.Keys(m), func(a, b account) int {
		if c := slices.Compare(a.owner[:], b.owner[:]); c != 0 {
			return c
		}
		return slices.Compare([]byte(a.coinType), []byte(b.coinType))
	})
}
