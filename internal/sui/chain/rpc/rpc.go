// Package rpc holds the messages of Sui's gRPC API that suiftly exchanges with fullnodes, generated from sui.proto.
//
// There is one copy of them in the binary: a second that registers the package sui.rpc.v2 (another SDK) panics at start.
package rpc

// The calls. List and Subscribe calls of the ledger and the subscription service are streams.
const (
	GetServiceInfo       = "/sui.rpc.v2.LedgerService/GetServiceInfo"
	GetObject            = "/sui.rpc.v2.LedgerService/GetObject"
	BatchGetObjects      = "/sui.rpc.v2.LedgerService/BatchGetObjects"
	GetTransaction       = "/sui.rpc.v2.LedgerService/GetTransaction"
	BatchGetTransactions = "/sui.rpc.v2.LedgerService/BatchGetTransactions"
	GetCheckpoint        = "/sui.rpc.v2.LedgerService/GetCheckpoint"
	GetEpoch             = "/sui.rpc.v2.LedgerService/GetEpoch"
	ListTransactions     = "/sui.rpc.v2.LedgerService/ListTransactions"

	GetBalance       = "/sui.rpc.v2.StateService/GetBalance"
	ListBalances     = "/sui.rpc.v2.StateService/ListBalances"
	ListOwnedObjects = "/sui.rpc.v2.StateService/ListOwnedObjects"
	GetCoinInfo      = "/sui.rpc.v2.StateService/GetCoinInfo"

	ExecuteTransaction  = "/sui.rpc.v2.TransactionExecutionService/ExecuteTransaction"
	SimulateTransaction = "/sui.rpc.v2.TransactionExecutionService/SimulateTransaction"

	SubscribeCheckpoints  = "/sui.rpc.v2.SubscriptionService/SubscribeCheckpoints"
	SubscribeTransactions = "/sui.rpc.v2.SubscriptionService/SubscribeTransactions"

	VerifySignature   = "/sui.rpc.v2.SignatureVerificationService/VerifySignature"
	ReverseLookupName = "/sui.rpc.v2.NameService/ReverseLookupName"
)
