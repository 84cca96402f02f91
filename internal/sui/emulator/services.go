package emulator

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"suiftly/internal/sui"
	"suiftly/internal/sui/bcs"
	"suiftly/internal/sui/chain/rpc"
	"suiftly/internal/sui/ptb"
)

const protocolVersion = 120

// unary serves a call. f runs with e.mu held and gives a message that nobody changes afterwards.
func unary[Q, A any](e *Emulator, mux *http.ServeMux, call string, f func(l *ledger, q *Q) (*A, error)) {
	mux.Handle(call, connect.NewUnaryHandlerSimple(call, func(ctx context.Context, q *Q) (*A, error) {
		fault, err := e.fault(ctx, call)
		if err != nil {
			return nil, err
		}
		e.mu.Lock()
		answer, err := f(e.asked(), q)
		e.mu.Unlock()
		if err != nil {
			return nil, coded(err)
		}
		if lie := fault.lie(any(answer).(proto.Message)); lie != nil {
			answer = any(lie).(*A)
		}
		return answer, fault.lost()
	}))
}

// coded gives an error the code that nodes answer with.
func coded(err error) error {
	var rejected rejection
	if errors.As(err, &rejected) {
		return connect.NewError(connect.CodeInvalidArgument, err)
	}
	return err
}

func notFound(format string, args ...any) error {
	return connect.NewError(connect.CodeNotFound, fmt.Errorf(format, args...))
}

func (e *Emulator) services(mux *http.ServeMux) {
	unary(e, mux, rpc.GetServiceInfo, func(l *ledger, _ *rpc.GetServiceInfoRequest) (*rpc.GetServiceInfoResponse, error) {
		tip := l.tip()
		return &rpc.GetServiceInfoResponse{
			ChainId: &e.chain, Chain: new("emulator"), Epoch: new(l.epoch), CheckpointHeight: &tip.sequence, Timestamp: timestamppb.New(tip.at),
			LowestAvailableCheckpoint: new(uint64(0)), Server: new("suiftly-emulator"),
		}, nil
	})
	unary(e, mux, rpc.GetObject, getObject)
	unary(e, mux, rpc.BatchGetObjects, func(l *ledger, q *rpc.BatchGetObjectsRequest) (*rpc.BatchGetObjectsResponse, error) {
		answer := &rpc.BatchGetObjectsResponse{}
		for _, one := range q.GetRequests() {
			found, err := getObject(l, &rpc.GetObjectRequest{ObjectId: one.ObjectId, ReadMask: q.GetReadMask()})
			result := &rpc.GetObjectResult{Result: &rpc.GetObjectResult_Object{Object: found.GetObject()}}
			if err != nil {
				result.Result = &rpc.GetObjectResult_Error{Error: status(err)}
			}
			answer.Objects = append(answer.Objects, result)
		}
		return answer, nil
	})
	unary(e, mux, rpc.GetTransaction, getTransaction)
	unary(e, mux, rpc.BatchGetTransactions, func(l *ledger, q *rpc.BatchGetTransactionsRequest) (*rpc.BatchGetTransactionsResponse, error) {
		answer := &rpc.BatchGetTransactionsResponse{}
		for _, digest := range q.GetDigests() {
			found, err := getTransaction(l, &rpc.GetTransactionRequest{Digest: &digest, ReadMask: q.GetReadMask()})
			result := &rpc.GetTransactionResult{Result: &rpc.GetTransactionResult_Transaction{Transaction: found.GetTransaction()}}
			if err != nil {
				result.Result = &rpc.GetTransactionResult_Error{Error: status(err)}
			}
			answer.Transactions = append(answer.Transactions, result)
		}
		return answer, nil
	})
	unary(e, mux, rpc.GetCheckpoint, getCheckpoint)
	unary(e, mux, rpc.GetEpoch, func(l *ledger, q *rpc.GetEpochRequest) (*rpc.GetEpochResponse, error) {
		began := l.checkpoints[0].at
		epoch, err := masked(&rpc.Epoch{
			Epoch: new(l.epoch), ReferenceGasPrice: new(uint64(referencePrice)), Start: timestamppb.New(began),
			SystemState: &rpc.SystemState{
				Epoch: new(l.epoch), ReferenceGasPrice: new(uint64(referencePrice)), ProtocolVersion: new(uint64(protocolVersion)),
				EpochStartTimestampMs: new(uint64(began.UnixMilli())), Parameters: &rpc.SystemParameters{EpochDurationMs: new(uint64(86_400_000))},
			},
			ProtocolConfig: &rpc.ProtocolConfig{ProtocolVersion: new(uint64(protocolVersion))},
		}, q.GetReadMask(), "epoch")
		return &rpc.GetEpochResponse{Epoch: epoch}, err
	})
	e.stateServices(mux)
	unary(e, mux, rpc.SimulateTransaction, e.simulate)
	unary(e, mux, rpc.ExecuteTransaction, func(_ *ledger, q *rpc.ExecuteTransactionRequest) (*rpc.ExecuteTransactionResponse, error) {
		var signatures []string
		for _, s := range q.GetSignatures() {
			signatures = append(signatures, base64.StdEncoding.EncodeToString(s.GetBcs().GetValue()))
		}
		done, err := e.execute(q.GetTransaction().GetBcs().GetValue(), signatures)
		if err != nil {
			return nil, err
		}
		// As on the network: the effects are final, the checkpoint comes a moment later, and GetTransaction tells it.
		t, err := masked(done.proto, q.GetReadMask(), "effects.status", "checkpoint")
		if err != nil {
			return nil, err
		}
		answer := &rpc.ExecuteTransactionResponse{Transaction: proto.CloneOf(t)}
		answer.Transaction.Checkpoint, answer.Transaction.Timestamp, answer.Transaction.TransactionIndex = nil, nil, nil
		return answer, nil
	})
	unary(e, mux, rpc.VerifySignature, verifySignature)
	unary(e, mux, rpc.ReverseLookupName, func(*ledger, *rpc.ReverseLookupNameRequest) (*rpc.ReverseLookupNameResponse, error) {
		return nil, notFound("name not found")
	})
	e.streams(mux)
}

func status(err error) *rpc.RpcStatus {
	return &rpc.RpcStatus{Code: int32(connect.CodeOf(coded(err))), Message: err.Error()}
}

func getObject(l *ledger, q *rpc.GetObjectRequest) (*rpc.GetObjectResponse, error) {
	id, err := sui.ParseAddress(q.GetObjectId())
	if err != nil {
		return nil, rejection{err}
	}
	o := l.objects[id]
	if o == nil || q.Version != nil && q.GetVersion() != o.version {
		return nil, notFound("object %s not found", id)
	}
	found, err := masked(o.proto(), q.GetReadMask(), "object_id", "version", "digest")
	return &rpc.GetObjectResponse{Object: found}, err
}

func getTransaction(l *ledger, q *rpc.GetTransactionRequest) (*rpc.GetTransactionResponse, error) {
	digest, err := sui.ParseDigest(q.GetDigest())
	if err != nil {
		return nil, rejection{err}
	}
	found := l.entries[digest]
	if found == nil {
		return nil, notFound("transaction %s not found", digest)
	}
	t, err := masked(found.proto, q.GetReadMask(), "digest")
	return &rpc.GetTransactionResponse{Transaction: t}, err
}

func getCheckpoint(l *ledger, q *rpc.GetCheckpointRequest) (*rpc.GetCheckpointResponse, error) {
	found := l.tip()
	switch by := q.GetCheckpointId().(type) {
	case *rpc.GetCheckpointRequest_SequenceNumber:
		if by.SequenceNumber >= uint64(len(l.checkpoints)) {
			return nil, notFound("checkpoint %d not found", by.SequenceNumber)
		}
		found = l.checkpoints[by.SequenceNumber]
	case *rpc.GetCheckpointRequest_Digest:
		i := slices.IndexFunc(l.checkpoints, func(c *checkpoint) bool { return c.digest.String() == by.Digest })
		if i < 0 {
			return nil, notFound("checkpoint %s not found", by.Digest)
		}
		found = l.checkpoints[i]
	}
	c, err := masked(found.proto(l.epoch), q.GetReadMask(), "sequence_number", "digest")
	return &rpc.GetCheckpointResponse{Checkpoint: c}, err
}

func (c *checkpoint) proto(epoch uint64) *rpc.Checkpoint {
	p := &rpc.Checkpoint{
		SequenceNumber: &c.sequence, Digest: new(c.digest.String()),
		Summary: &rpc.CheckpointSummary{SequenceNumber: &c.sequence, Epoch: &epoch, Digest: new(c.digest.String()), Timestamp: timestamppb.New(c.at)},
	}
	for _, e := range c.entries {
		p.Transactions = append(p.Transactions, e.proto)
	}
	return p
}

func (e *Emulator) simulate(l *ledger, q *rpc.SimulateTransactionRequest) (*rpc.SimulateTransactionResponse, error) {
	t, err := l.resolve(q.GetTransaction(), e.chain, q.GetDoGasSelection())
	if err != nil {
		return nil, err
	}
	told := &rpc.ExecutedTransaction{Digest: t.Digest, Transaction: t}
	// A client that wants inputs and commands only has no gas to run them with.
	if q.GetChecks() == rpc.SimulateTransactionRequest_ENABLED || t.GetGasPayment().GetBudget() > 0 {
		x, err := l.execute(t, e.chain)
		if err != nil {
			return nil, err
		}
		told = x.proto()
	}
	return masked(&rpc.SimulateTransactionResponse{Transaction: told, SuggestedGasPrice: new(uint64(referencePrice))}, q.GetReadMask(), "*")
}

func verifySignature(_ *ledger, q *rpc.VerifySignatureRequest) (*rpc.VerifySignatureResponse, error) {
	address, err := sui.ParseAddress(q.GetAddress())
	if err != nil {
		return nil, rejection{err}
	}
	signature, message := base64.StdEncoding.EncodeToString(q.GetSignature().GetBcs().GetValue()), q.GetMessage().GetValue()
	var v sui.Verified
	switch q.GetMessage().GetName() {
	case "PersonalMessage":
		r := bcs.NewReader(message)
		text := r.Bytes()
		if err := r.End(); err != nil {
			return nil, reject("message: %w", err)
		}
		v, err = sui.Verify(text, signature)
	case "TransactionData":
		v, err = sui.VerifyTransaction(message, signature)
	default:
		return nil, reject("message is neither PersonalMessage nor TransactionData")
	}
	switch {
	case errors.Is(err, sui.ErrZkLoginUnavailable): // not a word about the signature
		return nil, connect.NewError(connect.CodeUnimplemented, errors.New("the emulator does not check zkLogin proofs"))
	case err != nil:
		return &rpc.VerifySignatureResponse{IsValid: new(false), Reason: new(err.Error())}, nil
	case !v.Proves(address):
		return &rpc.VerifySignatureResponse{IsValid: new(false), Reason: new("signed by another address")}, nil
	}
	return &rpc.VerifySignatureResponse{IsValid: new(true)}, nil
}

func (e *Emulator) stateServices(mux *http.ServeMux) {
	unary(e, mux, rpc.GetBalance, func(l *ledger, q *rpc.GetBalanceRequest) (*rpc.GetBalanceResponse, error) {
		owner, err := sui.ParseAddress(q.GetOwner())
		if err != nil {
			return nil, rejection{err}
		}
		coinType, err := ptb.CanonicalType(q.GetCoinType())
		if err != nil {
			return nil, rejection{err}
		}
		return &rpc.GetBalanceResponse{Balance: l.balance(owner, coinType)}, nil
	})
	unary(e, mux, rpc.ListBalances, func(l *ledger, q *rpc.ListBalancesRequest) (*rpc.ListBalancesResponse, error) {
		owner, err := sui.ParseAddress(q.GetOwner())
		if err != nil {
			return nil, rejection{err}
		}
		has := map[account]int64{}
		for _, o := range l.owned(owner, "") {
			has[account{owner, o.coinType}]++
		}
		for a := range l.funds {
			if a.owner == owner {
				has[a]++
			}
		}
		answer := &rpc.ListBalancesResponse{}
		for _, a := range sorted(has) {
			answer.Balances = append(answer.Balances, l.balance(owner, a.coinType))
		}
		return answer, nil
	})
	unary(e, mux, rpc.ListOwnedObjects, listOwnedObjects)
	unary(e, mux, rpc.GetCoinInfo, func(l *ledger, q *rpc.GetCoinInfoRequest) (*rpc.GetCoinInfoResponse, error) {
		coinType, err := ptb.CanonicalType(q.GetCoinType())
		if err != nil {
			return nil, rejection{err}
		}
		decimals := map[string]uint32{SUI: 9, USDC: 6}
		if decimals[coinType] == 0 {
			return nil, notFound("coin type %s not found", coinType)
		}
		name := coinType[strings.LastIndex(coinType, ":")+1:]
		return &rpc.GetCoinInfoResponse{CoinType: &coinType, Metadata: &rpc.CoinMetadata{Decimals: new(decimals[coinType]), Symbol: &name, Name: &name}}, nil
	})
}

func listOwnedObjects(l *ledger, q *rpc.ListOwnedObjectsRequest) (*rpc.ListOwnedObjectsResponse, error) {
	owner, err := sui.ParseAddress(q.GetOwner())
	if err != nil {
		return nil, rejection{err}
	}
	coinType := ""
	if q.GetObjectType() != "" {
		asked, err := ptb.CanonicalType(q.GetObjectType())
		if err != nil {
			return nil, rejection{err}
		}
		ofCoins, isCoin := strings.CutPrefix(asked, framework+"::coin::Coin<")
		switch {
		case isCoin:
			coinType = strings.TrimSuffix(ofCoins, ">")
		case asked != framework+"::coin::Coin":
			return &rpc.ListOwnedObjectsResponse{}, nil
		}
	}
	page := 50
	if n := int(q.GetPageSize()); n > 0 && n <= 1000 {
		page = n
	}
	all := l.owned(owner, coinType)
	if token := q.GetPageToken(); token != nil { // the id where the last page ended
		i := slices.IndexFunc(all, func(o *object) bool { return string(o.id[:]) == string(token) })
		if i < 0 {
			return nil, reject("page_token: the object it names has moved on")
		}
		all = all[i+1:]
	}
	answer := &rpc.ListOwnedObjectsResponse{}
	if len(all) > page {
		all = all[:page]
		answer.NextPageToken = slices.Clone(all[page-1].id[:])
	}
	for _, o := range all {
		told, err := masked(o.proto(), q.GetReadMask(), "object_id", "version", "object_type")
		if err != nil {
			return nil, err
		}
		answer.Objects = append(answer.Objects, told)
	}
	return answer, nil
}
