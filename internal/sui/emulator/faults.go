package emulator

import (
	"context"
	"errors"
	"math/big"
	"slices"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"suiftly/internal/sui/chain/rpc"
)

// Fault is a way to misbehave.
type Fault struct {
	Call  string        // of the constants of rpc; empty: every call
	Times int           // how often; 0: until it is healed
	Delay time.Duration // before anything else
	Hang  bool          // never answer; the caller has to leave
	Code  connect.Code  // fail with it, and do nothing; 0: do not
	Lose  bool          // do it, then fail as if the connection had broken
	// Lie spoils the answer, or each frame of a stream. What it gets is a copy.
	Lie func(answer proto.Message)

	left int
}

// Break makes the node misbehave until heal is called. Of several faults the newest that fits a call counts.
func (e *Emulator) Break(f Fault) (heal func()) {
	f.left = f.Times
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults = append(e.faults, &f)
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.faults = slices.DeleteFunc(e.faults, func(g *Fault) bool { return g == &f })
	}
}

// Freeze makes the node tell the state of now for ever, as one that fell behind does. It still takes transactions. Until thaw.
func (e *Emulator) Freeze() (thaw func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.told = e.live.copy()
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.told = nil
	}
}

// Hold stops checkpoints: what is executed is final and in none. Until release, which makes one.
func (e *Emulator) Hold() (release func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.held = true
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.held = false
		e.seal()
	}
}

// NextEpoch ends the epoch.
func (e *Emulator) NextEpoch() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.live.epoch++
	e.seal()
}

// fault finds what is wrong with this call, waits, and fails if that is it. nil: nothing is wrong.
func (e *Emulator) fault(ctx context.Context, call string) (*Fault, error) {
	e.mu.Lock()
	var found *Fault
	for _, f := range e.faults {
		if (f.Call == "" || f.Call == call) && (f.Times == 0 || f.left > 0) {
			found = f
		}
	}
	if found == nil {
		e.mu.Unlock()
		return nil, nil
	}
	found.left--
	f := *found
	e.mu.Unlock()
	var wait <-chan time.Time
	if !f.Hang {
		wait = time.After(f.Delay)
	}
	select {
	case <-wait:
	case <-ctx.Done():
		return nil, connect.NewError(connect.CodeCanceled, ctx.Err())
	}
	if f.Code != 0 {
		return nil, connect.NewError(f.Code, errors.New("the emulator was told to fail"))
	}
	return &f, nil
}

// lie is the spoiled answer, nil when there is nothing to spoil.
func (f *Fault) lie(answer proto.Message) proto.Message {
	if f == nil || f.Lie == nil {
		return nil
	}
	spoiled := proto.Clone(answer)
	f.Lie(spoiled)
	return spoiled
}

func (f *Fault) lost() error {
	if f == nil || !f.Lose {
		return nil
	}
	return connect.NewError(connect.CodeUnavailable, errors.New("the connection broke"))
}

// about makes a lie about a transaction one about every answer that tells one.
func about(lie func(*rpc.ExecutedTransaction)) func(proto.Message) {
	return func(answer proto.Message) {
		if a, ok := answer.(interface {
			GetTransaction() *rpc.ExecutedTransaction
		}); ok && a.GetTransaction() != nil {
			lie(a.GetTransaction())
		}
	}
}

// The lies that a node may tell about a payment.
var (
	// NoChanges is a node without the index of balance changes: it says there were none.
	NoChanges = about(func(t *rpc.ExecutedTransaction) { t.BalanceChanges = nil })
	// NotFinal is a node that has not seen the checkpoint.
	NotFinal = about(func(t *rpc.ExecutedTransaction) { t.Checkpoint, t.Timestamp, t.TransactionIndex = nil, nil, nil })
	// Succeeded says so of every transaction.
	Succeeded = about(func(t *rpc.ExecutedTransaction) {
		t.Effects = &rpc.TransactionEffects{Status: &rpc.ExecutionStatus{Success: new(true)}}
	})
	// Tenfold multiplies every amount by ten.
	Tenfold = about(func(t *rpc.ExecutedTransaction) {
		for _, c := range t.BalanceChanges {
			if n, ok := new(big.Int).SetString(c.GetAmount(), 10); ok {
				c.Amount = new(n.Mul(n, big.NewInt(10)).String())
			}
		}
	})
)

// Named answers about another transaction than the one that was asked for.
func Named(digest string) func(proto.Message) {
	return about(func(t *rpc.ExecutedTransaction) { t.Digest = &digest })
}

// OfChain is a node of another network.
func OfChain(id string) func(proto.Message) {
	return func(answer proto.Message) {
		if info, ok := answer.(*rpc.GetServiceInfoResponse); ok {
			info.ChainId = &id
		}
	}
}

// EmptyPage is a node that lost its index: a list without items that has reached the tip. Frames that had an item keep where
// it was, which a client that believes it will never look at again.
func EmptyPage(answer proto.Message) {
	if page, ok := answer.(*rpc.ListTransactionsResponse); ok {
		page.Transaction = nil
	}
}
