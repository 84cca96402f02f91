// Package rpc holds the messages of Sui's gRPC API that suiftly exchanges with fullnodes, generated from sui.proto.
//
// There is one copy of them in the binary: a second that registers the package sui.rpc.v2 (another SDK) panics at start.
package rpc

// The calls.
const (
	GetServiceInfo  = "/sui.rpc.v2.LedgerService/GetServiceInfo"
	VerifySignature = "/sui.rpc.v2.SignatureVerificationService/VerifySignature"
)
