// Package emulator is a Sui network in memory: one fullnode for the demo, the tests and the browser tests. It speaks gRPC, and
// gRPC-Web for the official clients; it checks signatures, executes what moves coins and address balances, makes checkpoints,
// and misbehaves when it is told to.
//
// What it does not have: Move beyond the functions of 0x2 that move money, shared objects, sponsors' allowances, zkLogin
// proofs. What it says is what a fullnode of mid 2026 says, as far as the official TypeScript client can tell.
package emulator

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"sync"
	"time"

	"suiftly/internal/sui"
	"suiftly/internal/sui/chain/rpc"
	"suiftly/internal/sui/ptb"
	"suiftly/internal/sui/suitest"
)

const (
	framework = "0x0000000000000000000000000000000000000000000000000000000000000002"

	// SUI pays for gas. USDC is a coin of 6 decimals that exists in the emulator only.
	SUI  = framework + "::sui::SUI"
	USDC = "0x00000000000000000000000000000000000000000000000000000000000000dc::usdc::USDC"

	// supply is how much of a type the faucet has at first.
	supply = 1_000_000_000_000_000_000
)

// ErrProduction refuses to play a network that is worth something.
var ErrProduction = errors.New("the emulator is for development and tests: not for mainnet or testnet, not in production, not beyond loopback")

// Config is what an emulator is made for.
type Config struct {
	Network    string           // of the installation: localnet or devnet
	Production bool             // the installation serves customers
	Now        func() time.Time // nil: the clock
}

// Emulator is the network. Its methods may be called at any time from anywhere.
type Emulator struct {
	chain string // base58 of the genesis checkpoint's digest
	now   func() time.Time

	mu          sync.Mutex
	live        *ledger
	told        *ledger // what is told to those who ask, while it is not the truth
	held        bool    // no checkpoint is made
	faults      []*Fault
	subscribers map[chan *checkpoint]bool
}

// New makes a network of its own: its chain id is random.
func New(c Config) (*Emulator, error) {
	if c.Production || c.Network != "localnet" && c.Network != "devnet" {
		return nil, fmt.Errorf("network %q: %w", c.Network, ErrProduction)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	var genesis sui.Digest
	if _, err := rand.Read(genesis[:]); err != nil {
		return nil, fmt.Errorf("chain id: %w", err)
	}
	return &Emulator{chain: genesis.String(), now: c.Now, live: newLedger(7, c.Now()), subscribers: map[chan *checkpoint]bool{}}, nil
}

// ChainID is what the network calls itself.
func (e *Emulator) ChainID() string { return e.chain }

// Start serves on a loopback address such as 127.0.0.1:0 until stop is called.
func (e *Emulator) Start(address string) (url string, stop func() error, err error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return "", nil, fmt.Errorf("emulator: %w", err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return "", nil, fmt.Errorf("emulator on %s: %w", address, ErrProduction)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", nil, fmt.Errorf("emulator: %w", err)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Handler: e.Handler(), Protocols: protocols, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	stop = func() error {
		err := server.Close()
		if e := <-ended; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
		return err
	}
	return "http://" + l.Addr().String(), stop, nil
}

// faucet is an account like any other, but for its riches. A transfer from it is one that no customer made, as from an exchange.
var faucet = suitest.NewWallet(0xfa)

// Faucet is who pays what Give gives.
func Faucet() sui.Address { return faucet.Address() }

// Give sends somebody a coin of any type. A type that nobody has yet comes into being.
func (e *Emulator) Give(to sui.Address, coinType string, amount uint64) (sui.Digest, error) {
	coinType, err := ptb.CanonicalType(coinType)
	if err != nil {
		return sui.Digest{}, err
	}
	e.mu.Lock()
	for _, t := range []string{SUI, coinType} {
		e.live.mint(t)
	}
	e.mu.Unlock()
	return e.Pay(faucet, to, coinType, amount)
}

// mint gives the faucet the supply of a type, once.
func (l *ledger) mint(coinType string) {
	id := accumulator(account{faucet.Address(), coinType}) // any id that is the type's alone
	if l.minted[coinType] {
		return
	}
	l.minted[coinType] = true
	o := &object{id: id, version: 1, owner: faucet.Address(), coinType: coinType, balance: supply}
	o.seal()
	l.objects[id] = o
}

// Pay transfers a coin as a wallet does: built by the node, signed, executed.
func (e *Emulator) Pay(from suitest.Wallet, to sui.Address, coinType string, amount uint64) (sui.Digest, error) {
	if amount > math.MaxInt64 {
		return sui.Digest{}, fmt.Errorf("pay %d: more than there is", amount)
	}
	coinType, err := ptb.CanonicalType(coinType)
	if err != nil {
		return sui.Digest{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	t, err := e.live.resolve(e.live.payment(from.Address(), to, coinType, amount), e.chain, true)
	if err != nil {
		return sui.Digest{}, fmt.Errorf("pay: %w", err)
	}
	done, err := e.execute(t.GetBcs().GetValue(), []string{from.SignTransaction(t.GetBcs().GetValue())})
	if err != nil {
		return sui.Digest{}, fmt.Errorf("pay: %w", err)
	}
	if s := done.proto.GetEffects().GetStatus(); !s.GetSuccess() {
		return sui.Digest{}, fmt.Errorf("pay: %s", s.GetError().GetDescription())
	}
	return sui.ParseDigest(done.proto.GetDigest())
}

// payment is an unresolved transaction that merges what coins somebody has and sends one of that amount.
func (l *ledger) payment(from, to sui.Address, coinType string, amount uint64) *rpc.Transaction {
	input := func(i int) *rpc.Argument { return &rpc.Argument{Kind: rpc.Argument_INPUT, Input: new(uint32(i))} }
	inputs := []*rpc.Input{pureU64(amount), {Kind: rpc.Input_PURE, Pure: to[:]}}
	source := &rpc.Argument{Kind: rpc.Argument_GAS}
	var commands []*rpc.Command
	if coinType != SUI {
		source = input(len(inputs))
		merge := &rpc.MergeCoins{Coin: source}
		for i, o := range l.owned(from, coinType) {
			if i > 0 {
				merge.CoinsToMerge = append(merge.CoinsToMerge, input(len(inputs)))
			}
			inputs = append(inputs, &rpc.Input{ObjectId: new(o.id.String())})
		}
		if len(merge.CoinsToMerge) > 0 {
			commands = append(commands, &rpc.Command{Command: &rpc.Command_MergeCoins{MergeCoins: merge}})
		}
	}
	split := uint32(len(commands))
	commands = append(commands,
		&rpc.Command{Command: &rpc.Command_SplitCoins{SplitCoins: &rpc.SplitCoins{Coin: source, Amounts: []*rpc.Argument{input(0)}}}},
		&rpc.Command{Command: &rpc.Command_TransferObjects{TransferObjects: &rpc.TransferObjects{
			Objects: []*rpc.Argument{{Kind: rpc.Argument_RESULT, Result: &split}}, Address: input(1),
		}}})
	return &rpc.Transaction{Sender: new(from.String()), Kind: ptb.Kind(inputs, commands)}
}

// execute verifies, runs and keeps a transaction. One that ran before gives the same again. e.mu is held.
func (e *Emulator) execute(data []byte, signatures []string) (*entry, error) {
	t, err := ptb.Decode(data)
	if err != nil {
		return nil, rejection{err}
	}
	if err := signed(t, data, signatures); err != nil {
		return nil, err
	}
	digest := ptb.Digest(data)
	if done := e.live.entries[digest]; done != nil {
		return done, nil
	}
	x, err := e.live.execute(t, e.chain)
	if err != nil {
		return nil, err
	}
	done := x.entry()
	for _, s := range signatures {
		done.proto.Signatures = append(done.proto.Signatures, userSignature(s))
	}
	e.live.commit(digest, done)
	e.seal()
	return done, nil
}

// seal makes a checkpoint of what waits, unless that is held, and tells the subscribers. e.mu is held.
func (e *Emulator) seal() {
	if e.held {
		return
	}
	c := e.live.seal(e.now())
	for s := range e.subscribers {
		select {
		case s <- c:
		default: // too slow: its stream ends
			delete(e.subscribers, s)
			close(s)
		}
	}
}

// tick makes an empty checkpoint when the newest is old: a network makes several a second. e.mu is held.
func (e *Emulator) tick() {
	if e.now().Sub(e.live.tip().at) >= time.Second {
		e.seal()
	}
}

// asked is the ledger as those who ask see it. e.mu is held.
func (e *Emulator) asked() *ledger {
	e.tick()
	if e.told != nil {
		return e.told
	}
	return e.live
}
