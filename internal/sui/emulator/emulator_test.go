package emulator_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"suiftly/internal/sui"
	"suiftly/internal/sui/chain"
	"suiftly/internal/sui/chain/rpc"
	"suiftly/internal/sui/emulator"
	"suiftly/internal/sui/suitest"
)

func start(t *testing.T) (*emulator.Emulator, string) {
	t.Helper()
	e, err := emulator.New(emulator.Config{Network: "localnet"})
	if err != nil {
		t.Fatal(err)
	}
	url, stop, err := e.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return e, url
}

// h2c speaks gRPC as our own client does.
func h2c() *http.Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: &http.Transport{Protocols: protocols}}
}

func ask[Q, A any](t *testing.T, url, call string, q *Q) (*A, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	answer, err := connect.NewClient[Q, A](h2c(), url+call, connect.WithGRPC()).CallUnary(ctx, connect.NewRequest(q))
	if err != nil {
		return nil, err
	}
	return answer.Msg, nil
}

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

var paymentMask = mask("digest", "checkpoint", "timestamp", "transaction_index", "effects.status", "transaction.sender", "transaction.gas_payment", "balance_changes")

func read(t *testing.T, url string, digest sui.Digest) (*rpc.ExecutedTransaction, error) {
	t.Helper()
	answer, err := ask[rpc.GetTransactionRequest, rpc.GetTransactionResponse](t, url, rpc.GetTransaction, &rpc.GetTransactionRequest{Digest: new(digest.String()), ReadMask: paymentMask})
	return answer.GetTransaction(), err
}

// got is what a transaction brought somebody, as it is told; empty: nothing is told of them.
func got(t *rpc.ExecutedTransaction, a sui.Address, coinType string) string {
	for _, c := range t.GetBalanceChanges() {
		if c.GetAddress() == a.String() && c.GetCoinType() == coinType {
			return c.GetAmount()
		}
	}
	return ""
}

func give(t *testing.T, e *emulator.Emulator, to sui.Address, coinType string, amount uint64) sui.Digest {
	t.Helper()
	d, err := e.Give(to, coinType, amount)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var alice, bob, treasury = suitest.NewWallet(1), suitest.NewWallet(2), suitest.NewWallet(3).Address()

func TestRefusesWhatIsWorthSomething(t *testing.T) {
	for name, c := range map[string]emulator.Config{
		"mainnet": {Network: "mainnet"}, "testnet": {Network: "testnet"}, "no network": {}, "production": {Network: "localnet", Production: true},
	} {
		if _, err := emulator.New(c); !errors.Is(err, emulator.ErrProduction) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e, err := emulator.New(emulator.Config{Network: "devnet"})
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.com:0"} {
		if _, _, err := e.Start(address); !errors.Is(err, emulator.ErrProduction) {
			t.Errorf("serves on %s: %v", address, err)
		}
	}
	other, err := emulator.New(emulator.Config{Network: "devnet"})
	if err != nil || other.ChainID() == e.ChainID() {
		t.Errorf("two networks are one: %v", err)
	}
}

func TestOurClientAsksIt(t *testing.T) {
	e, url := start(t)
	client, err := chain.New(chain.Config{Network: "localnet", Nodes: []chain.Node{{URL: url}}, Agree: 1, Patience: 20 * time.Second}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if epoch, err := client.Epoch(t.Context()); err != nil || epoch != 7 {
		t.Fatalf("epoch %d, %v", epoch, err)
	}
	signature := decode(t, alice.SignPersonalMessage("hello"))
	for name, c := range map[string]struct {
		of   sui.Address
		want bool
	}{"its owner": {alice.Address(), true}, "another": {bob.Address(), false}} {
		if proven, err := client.Proven(t.Context(), c.of, []byte("hello"), signature); err != nil || proven != c.want {
			t.Errorf("%s: %v, %v", name, proven, err)
		}
	}
	t.Run("a proof that it cannot check is neither right nor wrong", func(t *testing.T) {
		w := suitest.NewZkWallet(5)
		proven, err := client.Proven(t.Context(), w.Address(), []byte("hello"), decode(t, w.SignPersonalMessage("hello", 9)))
		if proven || err == nil {
			t.Fatalf("%v, %v", proven, err)
		}
	})
	t.Run("unless it is of another chain", func(t *testing.T) {
		defer e.Break(emulator.Fault{Call: rpc.GetServiceInfo, Lie: emulator.OfChain("4btiuiMPvEENsttpZC7CZ53DruC3MAgfznDbASZ7DR6S")})()
		client, err := chain.New(chain.Config{Network: "localnet", Nodes: []chain.Node{{URL: url}}, Agree: 1, Patience: 20 * time.Second}, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Epoch(t.Context()); err == nil || !strings.Contains(err.Error(), "which is not localnet") {
			t.Fatalf("believed: %v", err)
		}
	})
}

func TestPayments(t *testing.T) {
	e, url := start(t)
	give(t, e, alice.Address(), emulator.SUI, 5_000_000_000)
	give(t, e, alice.Address(), emulator.USDC, 60_000_000)
	give(t, e, alice.Address(), emulator.USDC, 40_000_000)
	t.Run("a payment is told with sender, status, checkpoint and what it brought", func(t *testing.T) {
		digest, err := e.Pay(alice, treasury, emulator.USDC, 70_000_000) // more than one coin holds
		if err != nil {
			t.Fatal(err)
		}
		p, err := read(t, url, digest)
		if err != nil {
			t.Fatal(err)
		}
		if p.GetDigest() != digest.String() || !p.GetEffects().GetStatus().GetSuccess() || p.Checkpoint == nil || p.Timestamp == nil ||
			p.GetTransaction().GetSender() != alice.Address().String() || p.GetTransaction().GetGasPayment().GetOwner() != alice.Address().String() {
			t.Fatalf("told: %v", p)
		}
		if in, out := got(p, treasury, emulator.USDC), got(p, alice.Address(), emulator.USDC); in != "70000000" || out != "-70000000" {
			t.Fatalf("in %q, out %q", in, out)
		}
		balance, err := ask[rpc.GetBalanceRequest, rpc.GetBalanceResponse](t, url, rpc.GetBalance, &rpc.GetBalanceRequest{Owner: new(treasury.String()), CoinType: new(emulator.USDC)})
		if err != nil || balance.GetBalance().GetBalance() != 70_000_000 {
			t.Fatalf("balance %v, %v", balance, err)
		}
	})
	t.Run("nobody pays what they do not have", func(t *testing.T) {
		if _, err := e.Pay(alice, treasury, emulator.USDC, 30_000_001); err == nil || !strings.Contains(err.Error(), "InsufficientCoinBalance") {
			t.Fatal(err)
		}
		if _, err := e.Pay(bob, treasury, emulator.SUI, 1); err == nil || !strings.Contains(err.Error(), "has no SUI") {
			t.Fatal(err)
		}
	})
	t.Run("a payer whose many small coins become one is told to have gained, by the storage given back", func(t *testing.T) {
		carol := suitest.NewWallet(9)
		give(t, e, carol.Address(), emulator.SUI, 100_000_000)
		for range 40 {
			give(t, e, carol.Address(), emulator.SUI, 1)
		}
		digest, err := e.Pay(carol, bob.Address(), emulator.SUI, 1000)
		if err != nil {
			t.Fatal(err)
		}
		p, err := read(t, url, digest)
		if gain := got(p, carol.Address(), emulator.SUI); err != nil || gain == "" || gain[0] == '-' {
			t.Fatalf("%q, %v", gain, err)
		}
	})
	t.Run("a coin that only looks like USDC is another one", func(t *testing.T) {
		fake := "0x" + strings.Repeat("f", 64) + "::usdc::USDC"
		p, err := read(t, url, give(t, e, treasury, fake, 500_000_000))
		if err != nil || got(p, treasury, fake) != "500000000" || got(p, treasury, emulator.USDC) != "" {
			t.Fatalf("told %v, %v", p.GetBalanceChanges(), err)
		}
	})
	t.Run("read masks keep what they name and refuse what is not there", func(t *testing.T) {
		digest := give(t, e, bob.Address(), emulator.SUI, 1)
		for _, m := range []*fieldmaskpb.FieldMask{nil, mask("digest")} {
			answer, err := ask[rpc.GetTransactionRequest, rpc.GetTransactionResponse](t, url, rpc.GetTransaction, &rpc.GetTransactionRequest{Digest: new(digest.String()), ReadMask: m})
			if err != nil || answer.GetTransaction().GetDigest() != digest.String() || answer.GetTransaction().Effects != nil || answer.GetTransaction().Checkpoint != nil {
				t.Errorf("%v keeps %v, %v", m, answer, err)
			}
		}
		overlapping := mask("effects.status", "effects", "effects.changed_objects.object_type")
		answer, err := ask[rpc.GetTransactionRequest, rpc.GetTransactionResponse](t, url, rpc.GetTransaction, &rpc.GetTransactionRequest{Digest: new(digest.String()), ReadMask: overlapping})
		if err != nil || answer.GetTransaction().GetEffects().GetGasUsed() == nil {
			t.Errorf("overlapping paths keep %v, %v", answer, err)
		}
		for _, path := range []string{"nothing", "effects.nothing", "digest.x", "effects.changed_objects.nothing", "balance_changes.nothing", ""} {
			_, err := ask[rpc.GetTransactionRequest, rpc.GetTransactionResponse](t, url, rpc.GetTransaction, &rpc.GetTransactionRequest{Digest: new(digest.String()), ReadMask: mask(path)})
			if connect.CodeOf(err) != connect.CodeInvalidArgument {
				t.Errorf("path %q: %v", path, err)
			}
		}
	})
}

func TestListAndSubscribe(t *testing.T) {
	e, url := start(t)
	give(t, e, alice.Address(), emulator.SUI, 50_000_000_000)

	client := connect.NewClient[rpc.SubscribeTransactionsRequest, rpc.SubscribeTransactionsResponse](h2c(), url+rpc.SubscribeTransactions, connect.WithGRPC())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	toTreasury := &rpc.TransactionFilter{Terms: []*rpc.TransactionTerm{{Literals: []*rpc.TransactionLiteral{{Predicate: &rpc.TransactionLiteral_AffectedAddress{AffectedAddress: &rpc.AffectedAddressFilter{Address: new(treasury.String())}}}}}}}
	feed, err := client.CallServerStream(ctx, connect.NewRequest(&rpc.SubscribeTransactionsRequest{Filter: toTreasury, ReadMask: mask("digest", "balance_changes")}))
	if err != nil || !feed.Receive() || feed.Msg().Transaction != nil || feed.Msg().Watermark == nil {
		t.Fatalf("the first frame is not progress alone: %v, %v", feed.Msg(), err)
	}
	const payments = 121
	var paid []string
	for n := range payments {
		digest, err := e.Pay(alice, treasury, emulator.SUI, uint64(1000+n))
		if err != nil {
			t.Fatal(err)
		}
		paid = append(paid, digest.String())
		give(t, e, bob.Address(), emulator.SUI, 1) // of no interest
	}
	t.Run("a subscription tells what matches as it comes", func(t *testing.T) {
		for n, want := range paid {
			if !feed.Receive() || feed.Msg().GetTransaction().GetDigest() != want {
				t.Fatalf("payment %d: %v, %v", n, feed.Msg(), feed.Err())
			}
		}
	})
	list := func(q *rpc.ListTransactionsRequest) (page []string, last *rpc.Watermark, why rpc.QueryEndReason) {
		t.Helper()
		q.ReadMask = mask("digest", "balance_changes")
		s, err := connect.NewClient[rpc.ListTransactionsRequest, rpc.ListTransactionsResponse](h2c(), url+rpc.ListTransactions, connect.WithGRPC()).CallServerStream(ctx, connect.NewRequest(q))
		if err != nil {
			t.Fatal(err)
		}
		for s.Receive() {
			if tx := s.Msg().GetTransaction(); tx != nil {
				page = append(page, tx.GetDigest())
			}
			last, why = s.Msg().GetWatermark(), s.Msg().GetEnd().GetReason()
		}
		if s.Err() != nil {
			t.Fatal(s.Err())
		}
		return page, last, why
	}
	t.Run("pages tell every one once and end at the tip", func(t *testing.T) {
		var all []string
		var after []byte
		pages := 0
		for {
			page, last, why := list(&rpc.ListTransactionsRequest{Filter: toTreasury, Options: &rpc.QueryOptions{Limit: new(uint32(50)), After: after}})
			all, after, pages = append(all, page...), last.GetCursor(), pages+1
			if why == rpc.QueryEndReason_QUERY_END_REASON_LEDGER_TIP {
				break
			}
		}
		if pages != 3 || strings.Join(all, " ") != strings.Join(paid, " ") {
			t.Fatalf("%d in %d pages", len(all), pages)
		}
		if page, _, _ := list(&rpc.ListTransactionsRequest{Filter: toTreasury, Options: &rpc.QueryOptions{After: after}}); len(page) > 0 {
			t.Fatalf("after the tip: %v", page)
		}
		digest, err := e.Pay(alice, treasury, emulator.SUI, 7)
		if err != nil {
			t.Fatal(err)
		}
		if page, _, _ := list(&rpc.ListTransactionsRequest{Filter: toTreasury, Options: &rpc.QueryOptions{After: after}}); len(page) != 1 || page[0] != digest.String() {
			t.Fatalf("the next one: %v", page)
		}
	})
	t.Run("a node can lose a page", func(t *testing.T) {
		defer e.Break(emulator.Fault{Call: rpc.ListTransactions, Lie: emulator.EmptyPage})()
		if page, _, why := list(&rpc.ListTransactionsRequest{Filter: toTreasury, Options: &rpc.QueryOptions{Limit: new(uint32(1000))}}); len(page) > 0 || why != rpc.QueryEndReason_QUERY_END_REASON_LEDGER_TIP {
			t.Fatalf("%v, %v", page, why)
		}
	})
	t.Run("what is negated is left out", func(t *testing.T) {
		notAlice := &rpc.TransactionLiteral{Negated: true, Predicate: &rpc.TransactionLiteral_Sender{Sender: &rpc.SenderFilter{Address: new(alice.Address().String())}}}
		filter := &rpc.TransactionFilter{Terms: []*rpc.TransactionTerm{{Literals: append([]*rpc.TransactionLiteral{notAlice}, toTreasury.Terms[0].Literals...)}}}
		if page, _, _ := list(&rpc.ListTransactionsRequest{Filter: filter}); len(page) > 0 {
			t.Fatalf("%v", page)
		}
	})
}

func TestFaults(t *testing.T) {
	e, url := start(t)
	give(t, e, alice.Address(), emulator.SUI, 5_000_000_000)
	digest, err := e.Pay(alice, treasury, emulator.SUI, 500)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("lies", func(t *testing.T) {
		for name, c := range map[string]struct {
			fault emulator.Fault
			told  func(*rpc.ExecutedTransaction) bool
		}{
			"no changes": {emulator.Fault{Lie: emulator.NoChanges}, func(p *rpc.ExecutedTransaction) bool { return len(p.BalanceChanges) == 0 && p.Checkpoint != nil }},
			"not final":  {emulator.Fault{Lie: emulator.NotFinal}, func(p *rpc.ExecutedTransaction) bool { return p.Checkpoint == nil && len(p.BalanceChanges) > 0 }},
			"ten times":  {emulator.Fault{Lie: emulator.Tenfold}, func(p *rpc.ExecutedTransaction) bool { return got(p, treasury, emulator.SUI) == "5000" }},
			"another":    {emulator.Fault{Lie: emulator.Named("x")}, func(p *rpc.ExecutedTransaction) bool { return p.GetDigest() == "x" }},
		} {
			c.fault.Call = rpc.GetTransaction
			heal := e.Break(c.fault)
			p, err := read(t, url, digest)
			heal()
			if err != nil || !c.told(p) {
				t.Errorf("%s: %v, %v", name, p, err)
			}
		}
		if p, err := read(t, url, digest); err != nil || got(p, treasury, emulator.SUI) != "500" || p.Checkpoint == nil || p.GetDigest() != digest.String() {
			t.Errorf("healed: %v, %v", p, err)
		}
	})
	t.Run("failures, as often as asked", func(t *testing.T) {
		e.Break(emulator.Fault{Times: 2, Code: connect.CodeResourceExhausted})
		for range 2 {
			if _, err := read(t, url, digest); connect.CodeOf(err) != connect.CodeResourceExhausted {
				t.Fatal(err)
			}
		}
		if _, err := read(t, url, digest); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a call that hangs ends when its caller leaves", func(t *testing.T) {
		defer e.Break(emulator.Fault{Hang: true})()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := connect.NewClient[rpc.GetServiceInfoRequest, rpc.GetServiceInfoResponse](h2c(), url+rpc.GetServiceInfo, connect.WithGRPC()).CallUnary(ctx, connect.NewRequest(&rpc.GetServiceInfoRequest{}))
		if connect.CodeOf(err) != connect.CodeDeadlineExceeded {
			t.Fatal(err)
		}
	})
	t.Run("a node that fell behind takes transactions and does not tell them", func(t *testing.T) {
		thaw := e.Freeze()
		later, err := e.Pay(alice, treasury, emulator.SUI, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := read(t, url, later); connect.CodeOf(err) != connect.CodeNotFound {
			t.Fatalf("told: %v", err)
		}
		if _, err := read(t, url, digest); err != nil {
			t.Fatalf("what was before: %v", err)
		}
		thaw()
		if _, err := read(t, url, later); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a transaction can be executed and in no checkpoint yet", func(t *testing.T) {
		release := e.Hold()
		later, err := e.Pay(alice, treasury, emulator.SUI, 1)
		if err != nil {
			t.Fatal(err)
		}
		p, err := read(t, url, later)
		if err != nil || p.Checkpoint != nil || !p.GetEffects().GetStatus().GetSuccess() {
			t.Fatalf("%v, %v", p, err)
		}
		release()
		if p, err = read(t, url, later); err != nil || p.Checkpoint == nil {
			t.Fatalf("%v, %v", p, err)
		}
	})
}

func decode(t *testing.T, signature string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
