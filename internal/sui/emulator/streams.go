package emulator

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"suiftly/internal/sui"
	"suiftly/internal/sui/chain/rpc"
)

func stream[Q, A any](e *Emulator, mux *http.ServeMux, call string, f func(ctx context.Context, q *Q, send func(*A) error) error) {
	mux.Handle(call, connect.NewServerStreamHandlerSimple(call, func(ctx context.Context, q *Q, s *connect.ServerStream[A]) error {
		fault, err := e.fault(ctx, call)
		if err != nil {
			return err
		}
		err = f(ctx, q, func(frame *A) error {
			if lie := fault.lie(any(frame).(proto.Message)); lie != nil {
				frame = any(lie).(*A)
			}
			return s.Send(frame)
		})
		return errors.Join(coded(err), fault.lost())
	}))
}

func (e *Emulator) streams(mux *http.ServeMux) {
	stream(e, mux, rpc.ListTransactions, e.listTransactions)
	stream(e, mux, rpc.SubscribeCheckpoints, func(ctx context.Context, q *rpc.SubscribeCheckpointsRequest, send func(*rpc.SubscribeCheckpointsResponse) error) error {
		return e.subscribe(ctx, func(c *checkpoint, epoch uint64, _ bool) error {
			told, err := masked(c.proto(epoch), q.GetReadMask(), "sequence_number", "digest")
			if err != nil {
				return err
			}
			return send(&rpc.SubscribeCheckpointsResponse{Cursor: &c.sequence, Checkpoint: told})
		})
	})
	stream(e, mux, rpc.SubscribeTransactions, func(ctx context.Context, q *rpc.SubscribeTransactionsRequest, send func(*rpc.SubscribeTransactionsResponse) error) error {
		return e.subscribe(ctx, func(c *checkpoint, _ uint64, first bool) error {
			if first { // where the stream starts; what is in that checkpoint came before it
				return send(&rpc.SubscribeTransactionsResponse{Watermark: &rpc.Watermark{Cursor: cursor(c.sequence, math.MaxInt64), Checkpoint: &c.sequence}})
			}
			for i, one := range c.entries {
				yes, err := matches(one, q.GetFilter())
				if err != nil {
					return err
				}
				if !yes {
					continue
				}
				told, err := masked(one.proto, q.GetReadMask(), "digest")
				if err != nil {
					return err
				}
				if err := send(&rpc.SubscribeTransactionsResponse{Transaction: told, Watermark: &rpc.Watermark{Cursor: cursor(c.sequence, uint64(i)), Checkpoint: &c.sequence}}); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// subscribe tells the newest checkpoint, then each that is made, until the client leaves. Nothing resumes: what was made while
// nobody listened is for the List calls.
func (e *Emulator) subscribe(ctx context.Context, tell func(c *checkpoint, epoch uint64, first bool) error) error {
	made := make(chan *checkpoint, 256)
	e.mu.Lock()
	e.subscribers[made] = true
	c, epoch := e.live.tip(), e.live.epoch
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		delete(e.subscribers, made)
		e.mu.Unlock()
	}()
	for first := true; ; first = false {
		if err := tell(c, epoch, first); err != nil {
			return err
		}
		var open bool
		select {
		case <-ctx.Done():
			return nil
		case c, open = <-made:
			if !open {
				return connect.NewError(connect.CodeResourceExhausted, errors.New("too slow a subscriber"))
			}
		}
	}
}

// cursor is the place of a transaction; cursors compare as bytes.
func cursor(checkpoint, index uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, checkpoint), index)
}

// listTransactions tells what matches between the bounds, in either order, up to a limit, and why it ended.
func (e *Emulator) listTransactions(_ context.Context, q *rpc.ListTransactionsRequest, send func(*rpc.ListTransactionsResponse) error) error {
	e.mu.Lock()
	checkpoints := e.asked().checkpoints // only ever appended to
	e.mu.Unlock()
	limit := 50
	if n := int(q.GetOptions().GetLimit()); n > 0 {
		limit = min(n, 1000)
	}
	var frames []*rpc.ListTransactionsResponse
	for _, c := range checkpoints {
		if c.sequence < q.GetStartCheckpoint() || q.EndCheckpoint != nil && c.sequence >= q.GetEndCheckpoint() {
			continue
		}
		for i, one := range c.entries {
			at := cursor(c.sequence, uint64(i))
			if after := q.GetOptions().GetAfter(); after != nil && bytes.Compare(at, after) <= 0 {
				continue
			}
			if before := q.GetOptions().GetBefore(); before != nil && bytes.Compare(at, before) >= 0 {
				continue
			}
			yes, err := matches(one, q.GetFilter())
			if err != nil {
				return err
			}
			if !yes {
				continue
			}
			told, err := masked(one.proto, q.GetReadMask(), "digest")
			if err != nil {
				return err
			}
			frames = append(frames, &rpc.ListTransactionsResponse{Transaction: told, Watermark: &rpc.Watermark{Cursor: at, Checkpoint: &c.sequence}})
		}
	}
	descending := q.GetOptions().GetOrdering() == rpc.Ordering_ORDERING_DESCENDING
	if descending {
		slices.Reverse(frames)
	}
	end := &rpc.QueryEnd{Reason: rpc.QueryEndReason_QUERY_END_REASON_LEDGER_TIP}
	tip := checkpoints[len(checkpoints)-1].sequence
	last := &rpc.Watermark{Cursor: cursor(tip, math.MaxInt64), Checkpoint: &tip}
	switch {
	case len(frames) > limit:
		frames = frames[:limit]
		end.Reason, last = rpc.QueryEndReason_QUERY_END_REASON_ITEM_LIMIT, frames[limit-1].Watermark
	case descending:
		end.Reason, last = rpc.QueryEndReason_QUERY_END_REASON_CHECKPOINT_BOUND, &rpc.Watermark{Cursor: cursor(q.GetStartCheckpoint(), 0), Checkpoint: new(q.GetStartCheckpoint())}
	case q.GetOptions().GetBefore() != nil:
		end.Reason, last = rpc.QueryEndReason_QUERY_END_REASON_CURSOR_BOUND, &rpc.Watermark{Cursor: q.GetOptions().GetBefore()}
	case q.EndCheckpoint != nil && q.GetEndCheckpoint() <= tip:
		end.Reason, last = rpc.QueryEndReason_QUERY_END_REASON_CHECKPOINT_BOUND, &rpc.Watermark{Cursor: cursor(q.GetEndCheckpoint(), 0), Checkpoint: q.EndCheckpoint}
	}
	for _, f := range frames {
		if err := send(f); err != nil {
			return err
		}
	}
	return send(&rpc.ListTransactionsResponse{Watermark: last, End: end})
}

// matches evaluates a filter: terms are alternatives, the literals of a term all hold.
func matches(one *entry, f *rpc.TransactionFilter) (bool, error) {
	if len(f.GetTerms()) == 0 {
		return true, nil
	}
	for _, term := range f.GetTerms() {
		all := true
		for _, l := range term.GetLiterals() {
			yes, err := holds(one, l)
			if err != nil {
				return false, err
			}
			all = all && yes != l.GetNegated()
		}
		if all {
			return true, nil
		}
	}
	return false, nil
}

func holds(one *entry, l *rpc.TransactionLiteral) (bool, error) {
	switch p := l.GetPredicate().(type) {
	case *rpc.TransactionLiteral_Sender:
		a, err := sui.ParseAddress(p.Sender.GetAddress())
		if err != nil {
			return false, rejection{err}
		}
		return one.sender == a, nil
	case *rpc.TransactionLiteral_AffectedAddress:
		a, err := sui.ParseAddress(p.AffectedAddress.GetAddress())
		if err != nil {
			return false, rejection{err}
		}
		return one.affected[a], nil
	case *rpc.TransactionLiteral_MoveCall:
		pkg, name, _ := strings.Cut(p.MoveCall.GetFunction(), "::")
		a, err := sui.ParseAddress(pkg)
		if err != nil {
			return false, rejection{err}
		}
		want := strings.TrimSuffix(a.String()+"::"+name, "::")
		return slices.ContainsFunc(one.calls, func(c string) bool { return c == want || strings.HasPrefix(c, want+"::") }), nil
	}
	return false, reject("the emulator filters by sender, affected address and Move call")
}
