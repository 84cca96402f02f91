package emulator

import (
	"encoding/binary"
	"fmt"

	"suiftly/internal/sui"
	"suiftly/internal/sui/chain/rpc"
)

type kind int

const (
	aPure kind = iota
	aCoin
	aBalance
	aWithdrawal
)

// value is what commands take and give.
type value struct {
	kind     kind
	pure     []byte
	coin     *object
	coinType string
	amount   uint64      // of a balance or a withdrawal
	from     sui.Address // whom a withdrawal takes it from
	gone     bool        // moved away
}

// run runs the commands.
func (x *execution) run() *failure {
	m := &machine{execution: x}
	if x.gas != nil {
		m.gasCoin = &value{kind: aCoin, coin: x.gas, coinType: SUI}
	}
	for i, c := range x.transaction.GetKind().GetProgrammableTransaction().Commands {
		results, failed := m.command(c)
		if failed != nil {
			failed.command = uint64(i)
			return failed
		}
		m.results = append(m.results, results)
	}
	for i, results := range m.results {
		for _, v := range results {
			if !v.gone {
				return &failure{kind: rpc.ExecutionError_UNUSED_VALUE_WITHOUT_DROP, variant: []byte{21, byte(i), 0, 0, 0}, text: fmt.Sprintf("UnusedValueWithoutDrop: result %d", i), command: uint64(i)}
			}
		}
	}
	return nil
}

// machine is what the commands of one execution share.
type machine struct {
	*execution
	gasCoin *value
	results [][]*value
}

func badArgument(format string, args ...any) *failure {
	// CommandArgumentError{ argument 0, TypeMismatch }
	return &failure{kind: rpc.ExecutionError_COMMAND_ARGUMENT_ERROR, variant: []byte{19, 0, 0, 0}, text: "CommandArgumentError: " + fmt.Sprintf(format, args...)}
}

func (m *machine) command(c *rpc.Command) ([]*value, *failure) {
	switch c := c.GetCommand().(type) {
	case *rpc.Command_SplitCoins:
		return m.split(c.SplitCoins)
	case *rpc.Command_MergeCoins:
		return nil, m.merge(c.MergeCoins)
	case *rpc.Command_TransferObjects:
		return nil, m.transfer(c.TransferObjects)
	case *rpc.Command_MoveCall:
		return m.call(c.MoveCall)
	}
	return nil, &failure{kind: rpc.ExecutionError_FEATURE_NOT_YET_SUPPORTED, variant: []byte{3}, text: "FeatureNotYetSupported: the emulator splits, merges and transfers coins"}
}

func (m *machine) split(c *rpc.SplitCoins) (parts []*value, failed *failure) {
	from, failed := m.borrow(c.GetCoin())
	if failed != nil {
		return nil, failed
	}
	for _, a := range c.GetAmounts() {
		amount, failed := m.u64(a)
		if failed != nil {
			return nil, failed
		}
		if from.coin.balance < amount {
			return nil, &failure{kind: rpc.ExecutionError_INSUFFICIENT_COIN_BALANCE, variant: []byte{7}, text: "InsufficientCoinBalance"}
		}
		from.coin.balance -= amount
		parts = append(parts, m.newCoin(from.coinType, amount))
	}
	return parts, nil
}

func (m *machine) merge(c *rpc.MergeCoins) *failure {
	into, failed := m.borrow(c.GetCoin())
	if failed != nil {
		return failed
	}
	for _, a := range c.GetCoinsToMerge() {
		v, failed := m.move(a, aCoin)
		if failed != nil {
			return failed
		}
		if v.coin == into.coin || v.coinType != into.coinType {
			return badArgument("the coins to merge are not others of the same type")
		}
		into.coin.balance += m.drop(v)
	}
	return nil
}

func (m *machine) transfer(c *rpc.TransferObjects) *failure {
	to, failed := m.address(c.GetAddress())
	if failed != nil {
		return failed
	}
	if len(c.GetObjects()) == 0 {
		return badArgument("nothing to transfer")
	}
	for _, a := range c.GetObjects() {
		v, failed := m.value(a)
		if failed != nil {
			return failed
		}
		if v.kind != aCoin {
			return &failure{kind: rpc.ExecutionError_INVALID_TRANSFER_OBJECT, variant: []byte{23}, text: "InvalidTransferObject"}
		}
		v.gone = true
		v.coin.owner = to
	}
	return nil
}

// functions are those of 0x2 that move money: what they take, and what they do with it.
var functions = map[string]struct {
	takes []kind
	does  func(m *machine, args []*value, coinType string, to sui.Address) *value
}{
	"coin::redeem_funds": {[]kind{aWithdrawal}, func(m *machine, a []*value, t string, _ sui.Address) *value {
		return m.newCoin(t, m.withdraw(a[0]))
	}},
	"balance::redeem_funds": {[]kind{aWithdrawal}, func(m *machine, a []*value, t string, _ sui.Address) *value {
		return &value{kind: aBalance, coinType: t, amount: m.withdraw(a[0])}
	}},
	"coin::send_funds": {[]kind{aCoin, aPure}, func(m *machine, a []*value, t string, to sui.Address) *value {
		m.funds[account{to, t}] += int64(m.drop(a[0]))
		return nil
	}},
	"balance::send_funds": {[]kind{aBalance, aPure}, func(m *machine, a []*value, t string, to sui.Address) *value {
		m.funds[account{to, t}] += int64(a[0].amount)
		return nil
	}},
	"coin::into_balance": {[]kind{aCoin}, func(m *machine, a []*value, t string, _ sui.Address) *value {
		return &value{kind: aBalance, coinType: t, amount: m.drop(a[0])}
	}},
	"coin::from_balance": {[]kind{aBalance}, func(m *machine, a []*value, t string, _ sui.Address) *value {
		return m.newCoin(t, a[0].amount)
	}},
	"coin::zero": {nil, func(m *machine, _ []*value, t string, _ sui.Address) *value { return m.newCoin(t, 0) }},
	"balance::zero": {nil, func(_ *machine, _ []*value, t string, _ sui.Address) *value {
		return &value{kind: aBalance, coinType: t}
	}},
	"coin::destroy_zero": {[]kind{aCoin}, func(m *machine, a []*value, _ string, _ sui.Address) *value {
		m.drop(a[0])
		return nil
	}},
}

func (m *machine) call(c *rpc.MoveCall) ([]*value, *failure) {
	name := c.GetModule() + "::" + c.GetFunction()
	f, known := functions[name]
	if p, err := sui.ParseAddress(c.GetPackage()); err != nil || p != (sui.Address{31: 2}) || !known {
		return nil, &failure{kind: rpc.ExecutionError_FUNCTION_NOT_FOUND, variant: []byte{15}, text: "FunctionNotFound: the emulator does not have " + c.GetPackage() + "::" + name}
	}
	if len(c.GetTypeArguments()) != 1 {
		return nil, &failure{kind: rpc.ExecutionError_TYPE_ARITY_MISMATCH, variant: []byte{17}, text: "TypeArityMismatch"}
	}
	if len(c.GetArguments()) != len(f.takes) {
		return nil, &failure{kind: rpc.ExecutionError_ARITY_MISMATCH, variant: []byte{16}, text: "ArityMismatch"}
	}
	coinType := c.GetTypeArguments()[0]
	var args []*value
	var to sui.Address
	for i, a := range c.GetArguments() {
		if f.takes[i] == aPure {
			var failed *failure
			if to, failed = m.address(a); failed != nil {
				return nil, failed
			}
			continue
		}
		v, failed := m.move(a, f.takes[i])
		if failed != nil {
			return nil, failed
		}
		if v.coinType != coinType {
			return nil, badArgument("argument %d is of type %s", i, v.coinType)
		}
		if name == "coin::destroy_zero" && v.coin.balance != 0 {
			return nil, badArgument("the coin is not zero")
		}
		args = append(args, v)
	}
	if v := f.does(m, args, coinType, to); v != nil {
		return []*value{v}, nil
	}
	return nil, nil
}

func (m *machine) newCoin(coinType string, amount uint64) *value {
	o := &object{id: newObjectID(m.digest, m.created), coinType: coinType, balance: amount}
	m.created++
	m.live[o.id] = o
	return &value{kind: aCoin, coin: o, coinType: coinType}
}

// drop deletes a coin and gives what was in it.
func (m *machine) drop(v *value) uint64 {
	delete(m.live, v.coin.id)
	return v.coin.balance
}

func (m *machine) withdraw(v *value) uint64 {
	m.funds[account{v.from, v.coinType}] -= int64(v.amount)
	return v.amount
}

// value looks an argument up.
func (m *machine) value(a *rpc.Argument) (v *value, failed *failure) {
	switch a.GetKind() {
	case rpc.Argument_GAS:
		v = m.gasCoin
	case rpc.Argument_INPUT:
		if i := int(a.GetInput()); i < len(m.inputs) {
			v = m.inputs[i]
		}
	case rpc.Argument_RESULT:
		i, n := int(a.GetResult()), int(a.GetSubresult())
		if i < len(m.results) && n < len(m.results[i]) && (a.Subresult != nil || len(m.results[i]) == 1) {
			v = m.results[i][n]
		}
	}
	if v == nil {
		return nil, badArgument("there is no such value")
	}
	if v.gone {
		return nil, badArgument("the value was moved away")
	}
	return v, nil
}

// borrow gives a coin that stays where it is.
func (m *machine) borrow(a *rpc.Argument) (*value, *failure) {
	v, failed := m.value(a)
	if failed == nil && v.kind != aCoin {
		return nil, badArgument("not a coin")
	}
	return v, failed
}

// move takes a value away.
func (m *machine) move(a *rpc.Argument, k kind) (*value, *failure) {
	v, failed := m.value(a)
	switch {
	case failed != nil:
		return nil, failed
	case v.kind != k:
		return nil, badArgument("a value of another type")
	case v == m.gasCoin:
		return nil, badArgument("the gas coin can only be transferred")
	}
	v.gone = true
	return v, nil
}

func (m *machine) pure(a *rpc.Argument, n int) ([]byte, *failure) {
	v, failed := m.value(a)
	if failed != nil {
		return nil, failed
	}
	if v.kind != aPure || len(v.pure) != n {
		return nil, badArgument("not a pure value of %d bytes", n)
	}
	return v.pure, nil
}

func (m *machine) u64(a *rpc.Argument) (uint64, *failure) {
	b, failed := m.pure(a, 8)
	if failed != nil {
		return 0, failed
	}
	return binary.LittleEndian.Uint64(b), nil
}

func (m *machine) address(a *rpc.Argument) (sui.Address, *failure) {
	b, failed := m.pure(a, 32)
	if failed != nil {
		return sui.Address{}, failed
	}
	return sui.Address(b), nil
}
