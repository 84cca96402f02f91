package emulator

import (
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"suiftly/internal/sui"
	"suiftly/internal/sui/bcs"
	"suiftly/internal/sui/chain/rpc"
	"suiftly/internal/sui/ptb"
	"suiftly/internal/sui/suitest"
)

func network(t *testing.T) *Emulator {
	t.Helper()
	e, err := New(Config{Network: "localnet"})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// check sums everything up: coins, balances and fees are what was minted.
func check(t *testing.T, l *ledger) {
	t.Helper()
	sums := map[string]int64{SUI: l.fees}
	for id, o := range l.objects {
		if id != o.id {
			t.Fatalf("%s is kept as %s", o.id, id)
		}
		sums[o.coinType] += int64(o.balance)
	}
	for a, n := range l.funds {
		sums[a.coinType] += int64(n)
	}
	for coinType := range l.minted {
		if sums[coinType] != supply {
			t.Fatalf("%s: %d", coinType, sums[coinType])
		}
	}
}

func TestNothingIsMadeOrLost(t *testing.T) {
	e := network(t)
	wallets := []suitest.Wallet{suitest.NewWallet(1), suitest.NewWallet(2), suitest.NewWallet(3)}
	give := func(w suitest.Wallet, coinType string, amount uint64) {
		if _, err := e.Give(w.Address(), coinType, amount); err != nil {
			t.Fatal(err)
		}
	}
	for _, w := range wallets {
		for range 3 {
			give(w, SUI, 2_000_000_000)
			give(w, USDC, 1000)
		}
	}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	outcomes := map[string]int{}
	for n := range 1000 {
		w := wallets[r.IntN(len(wallets))]
		built := random(r, e.live, w, wallets)
		resolved, err := e.live.resolve(built, e.chain, true)
		if err != nil {
			outcomes["not built"]++
			give(w, SUI, 2_000_000_000)
			continue
		}
		data := resolved.GetBcs().GetValue()
		done, err := e.execute(data, []string{w.SignTransaction(data)})
		if err != nil {
			t.Fatalf("seed %d, %d: what was built is not executed: %v", seed, n, err)
		}
		check(t, e.live)
		net := map[string]int64{}
		for a, sum := range nets(t, done.proto) {
			net[a.coinType] += sum
		}
		if net[SUI] != -done.fees || net[USDC] != 0 {
			t.Fatalf("seed %d, %d: the changes that are told sum to %v, the fee is %d: %v", seed, n, net, done.fees, done.proto)
		}
		if done.proto.GetEffects().GetStatus().GetSuccess() {
			outcomes["succeeded"]++
		} else {
			outcomes["failed"]++
			if len(nets(t, done.proto)) > 1 {
				t.Fatalf("seed %d, %d: a failed transaction changed more than its gas: %v", seed, n, done.proto)
			}
		}
		if again, err := e.execute(data, []string{w.SignTransaction(data)}); err != nil || again.proto.GetDigest() != done.proto.GetDigest() {
			t.Fatalf("seed %d, %d: the same once more: %v", seed, n, err)
		}
	}
	t.Logf("seed %d: %v", seed, outcomes)
	if outcomes["succeeded"] < 50 || outcomes["failed"] < 50 {
		t.Errorf("too one-sided: %v", outcomes)
	}
}

func nets(t *testing.T, p *rpc.ExecutedTransaction) map[account]int64 {
	t.Helper()
	sums := map[account]int64{}
	for _, c := range p.GetBalanceChanges() {
		owner, err := sui.ParseAddress(c.GetAddress())
		if err != nil {
			t.Fatal(err)
		}
		var n int64
		for i, digit := range c.GetAmount() {
			if i == 0 && digit == '-' {
				continue
			}
			n = n*10 + int64(digit-'0')
		}
		if c.GetAmount()[0] == '-' {
			n = -n
		}
		sums[account{owner, c.GetCoinType()}] += n
	}
	return sums
}

// random is a transaction that makes sense, or not.
func random(r *rand.Rand, l *ledger, w suitest.Wallet, wallets []suitest.Wallet) *rpc.Transaction {
	var inputs []*rpc.Input
	var commands []*rpc.Command
	coins := l.owned(w.Address(), "")
	coins = slices.DeleteFunc(coins, func(o *object) bool { return o.coinType == SUI && r.IntN(3) > 0 })
	r.Shuffle(len(coins), func(i, j int) { coins[i], coins[j] = coins[j], coins[i] })
	var values []*rpc.Argument // coins, probably
	for _, o := range coins[:min(len(coins), 1+r.IntN(3))] {
		values = append(values, &rpc.Argument{Kind: rpc.Argument_INPUT, Input: new(uint32(len(inputs)))})
		inputs = append(inputs, &rpc.Input{ObjectId: new(o.id.String())})
	}
	if funds := l.funds[account{w.Address(), USDC}]; funds > 0 && r.IntN(2) == 0 {
		inputs = append(inputs, &rpc.Input{FundsWithdrawal: &rpc.FundsWithdrawal{Amount: new(1 + r.Uint64N(funds)), CoinType: new(USDC)}})
		commands = append(commands, call("coin::redeem_funds", &rpc.Argument{Kind: rpc.Argument_INPUT, Input: new(uint32(len(inputs) - 1))}))
		values = append(values, &rpc.Argument{Kind: rpc.Argument_RESULT, Result: new(uint32(0))})
	}
	if r.IntN(3) == 0 {
		values = append(values, &rpc.Argument{Kind: rpc.Argument_GAS})
	}
	pure := func(b []byte) *rpc.Argument {
		inputs = append(inputs, &rpc.Input{Kind: rpc.Input_PURE, Pure: b})
		return &rpc.Argument{Kind: rpc.Argument_INPUT, Input: new(uint32(len(inputs) - 1))}
	}
	anybody := func() *rpc.Argument {
		a := wallets[r.IntN(len(wallets))].Address()
		return pure(a[:])
	}
	one := func() *rpc.Argument {
		if len(values) == 0 {
			return &rpc.Argument{Kind: rpc.Argument_GAS}
		}
		return values[r.IntN(len(values))]
	}
	for range 1 + r.IntN(4) {
		at := new(uint32(len(commands)))
		switch r.IntN(5) {
		case 0:
			amounts := []*rpc.Argument{pure(bcs.AppendU64(nil, r.Uint64N(700))), pure(bcs.AppendU64(nil, r.Uint64N(700)))}
			commands = append(commands, &rpc.Command{Command: &rpc.Command_SplitCoins{SplitCoins: &rpc.SplitCoins{Coin: one(), Amounts: amounts}}})
			parts := []*rpc.Argument{{Kind: rpc.Argument_RESULT, Result: at, Subresult: new(uint32(0))}, {Kind: rpc.Argument_RESULT, Result: at, Subresult: new(uint32(1))}}
			commands = append(commands, &rpc.Command{Command: &rpc.Command_TransferObjects{TransferObjects: &rpc.TransferObjects{Objects: parts, Address: anybody()}}})
		case 1:
			commands = append(commands, &rpc.Command{Command: &rpc.Command_MergeCoins{MergeCoins: &rpc.MergeCoins{Coin: one(), CoinsToMerge: []*rpc.Argument{one()}}}})
		case 2:
			commands = append(commands, &rpc.Command{Command: &rpc.Command_TransferObjects{TransferObjects: &rpc.TransferObjects{Objects: []*rpc.Argument{one()}, Address: anybody()}}})
		case 3:
			commands = append(commands, call("coin::send_funds", one(), anybody()))
		case 4:
			commands = append(commands, call("coin::into_balance", one()), call("balance::send_funds", &rpc.Argument{Kind: rpc.Argument_RESULT, Result: at}, anybody()))
		}
	}
	return &rpc.Transaction{Sender: new(w.Address().String()), Kind: ptb.Kind(inputs, commands)}
}

func call(name string, args ...*rpc.Argument) *rpc.Command {
	module, function := name[:slices.Index([]byte(name), ':')], name[slices.Index([]byte(name), ':')+2:]
	return &rpc.Command{Command: &rpc.Command_MoveCall{MoveCall: &rpc.MoveCall{Package: new("0x2"), Module: &module, Function: &function, TypeArguments: []string{USDC}, Arguments: args}}}
}

func TestRejections(t *testing.T) {
	e := network(t)
	w, other := suitest.NewWallet(1), suitest.NewWallet(2)
	for _, a := range []sui.Address{w.Address(), other.Address()} {
		if _, err := e.Give(a, SUI, 5_000_000_000); err != nil {
			t.Fatal(err)
		}
	}
	good, err := e.live.resolve(e.live.payment(w.Address(), other.Address(), SUI, 5), e.chain, true)
	if err != nil {
		t.Fatal(err)
	}
	sponsored := func(p *rpc.Transaction) {
		p.GasPayment.Owner = new(other.Address().String())
		p.GasPayment.Objects = []*rpc.ObjectReference{e.live.owned(other.Address(), SUI)[0].reference()}
	}
	try := func(change func(*rpc.Transaction), signers ...suitest.Wallet) error {
		p := proto.CloneOf(good)
		change(p)
		data, err := ptb.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		var signatures []string
		for _, s := range signers {
			signatures = append(signatures, s.SignTransaction(data))
		}
		_, err = e.execute(data, signatures)
		return err
	}
	for name, c := range map[string]struct {
		change  func(*rpc.Transaction)
		signers []suitest.Wallet
	}{
		"nobody signed":            {func(*rpc.Transaction) {}, nil},
		"another signed":           {func(*rpc.Transaction) {}, []suitest.Wallet{other}},
		"signed twice":             {func(*rpc.Transaction) {}, []suitest.Wallet{w, w}},
		"the sponsor did not sign": {sponsored, []suitest.Wallet{w}},
		"the sender did not sign":  {sponsored, []suitest.Wallet{other, other}},
		"the epoch is over": {func(p *rpc.Transaction) {
			p.Expiration = &rpc.TransactionExpiration{Kind: rpc.TransactionExpiration_EPOCH, Epoch: new(uint64(6))}
		}, []suitest.Wallet{w}},
		"another chain": {func(p *rpc.Transaction) {
			p.Expiration = &rpc.TransactionExpiration{Kind: rpc.TransactionExpiration_VALID_DURING, MinEpoch: new(uint64(7)), Epoch: new(uint64(8)), Chain: new(sui.Digest{}.String())}
		}, []suitest.Wallet{w}},
		"not yet": {func(p *rpc.Transaction) {
			p.Expiration = &rpc.TransactionExpiration{Kind: rpc.TransactionExpiration_VALID_DURING, MinEpoch: new(uint64(8)), Epoch: new(uint64(9)), Chain: new(e.chain)}
		}, []suitest.Wallet{w}},
		"a price below reference":  {func(p *rpc.Transaction) { p.GasPayment.Price = new(uint64(999)) }, []suitest.Wallet{w}},
		"a budget that is too low": {func(p *rpc.Transaction) { p.GasPayment.Budget = new(uint64(10)) }, []suitest.Wallet{w}},
		"a budget nobody has":      {func(p *rpc.Transaction) { p.GasPayment.Budget = new(uint64(6_000_000_000)) }, []suitest.Wallet{w}},
		"another version":          {func(p *rpc.Transaction) { *p.GasPayment.Objects[0].Version++ }, []suitest.Wallet{w}},
		"another's coin":           {func(p *rpc.Transaction) { p.GasPayment.Objects[0] = e.live.owned(other.Address(), SUI)[0].reference() }, []suitest.Wallet{w}},
		"a coin twice":             {func(p *rpc.Transaction) { p.GasPayment.Objects = append(p.GasPayment.Objects, p.GasPayment.Objects[0]) }, []suitest.Wallet{w}},
		"a balance that is not": {func(p *rpc.Transaction) {
			i := p.Kind.GetProgrammableTransaction()
			i.Inputs = append(i.Inputs, &rpc.Input{Kind: rpc.Input_FUNDS_WITHDRAWAL, FundsWithdrawal: &rpc.FundsWithdrawal{Amount: new(uint64(1)), CoinType: new(USDC), Source: rpc.FundsWithdrawal_SENDER}})
		}, []suitest.Wallet{w}},
		"no commands":               {func(p *rpc.Transaction) { p.Kind.GetProgrammableTransaction().Commands = nil }, []suitest.Wallet{w}},
		"no coin and no expiration": {func(p *rpc.Transaction) { p.GasPayment.Objects = nil }, []suitest.Wallet{w}},
	} {
		entries := len(e.live.entries)
		if err := try(c.change, c.signers...); err == nil || len(e.live.entries) != entries {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := try(sponsored, w, other); err != nil {
		t.Errorf("sponsored and signed by both: %v", err)
	}
	if err := try(func(*rpc.Transaction) {}, w); err != nil {
		t.Errorf("what is right: %v", err)
	}
	check(t, e.live)
}
