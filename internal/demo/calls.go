package demo

import (
	"encoding/hex"
	"math"
	"math/rand/v2"
	"net/http"
	"time"
)

// call is one kind of request that the customers of a service make.
type call struct {
	method, path string // an object id is appended to a path that ends in "="
	weight       int
	tookMs       float64 // median
	bytes        float64 // median size of a good answer's body
}

// calls are what each service of the shipped catalog is asked for.
var calls = map[string][]call{
	"seal": {
		{http.MethodPost, "/v1/fetch_key", 75, 16, 900},
		{http.MethodGet, "/v1/service?service_id=", 25, 4, 350},
	},
	"grpc": {
		{http.MethodPost, "/sui.rpc.v2.LedgerService/GetObject", 60, 9, 1400},
		{http.MethodPost, "/sui.rpc.v2.LedgerService/BatchGetObjects", 15, 28, 9000},
		{http.MethodPost, "/sui.rpc.v2.LedgerService/GetCheckpoint", 25, 12, 2600},
	},
	"graphql": {
		{http.MethodPost, "/graphql", 90, 42, 6200},
		{http.MethodGet, "/graphql/health", 10, 2, 120},
	},
}

// pick chooses one of a service's calls by weight.
func pick(r *rand.Rand, service string) call {
	all, total := calls[service], 0
	for _, c := range all {
		total += c.weight
	}
	at := r.IntN(total)
	for _, c := range all {
		if at -= c.weight; at < 0 {
			return c
		}
	}
	return all[0]
}

// uri is what stands in the request line.
func (c call) uri(r *rand.Rand) string {
	if c.path[len(c.path)-1] == '=' {
		return c.path + objectID(r)
	}
	return c.path
}

// outcome is how a backend answers one request.
type outcome struct {
	status int
	took   time.Duration
	bytes  int // of the body
}

// outcome draws an answer: mostly good, some misses, some refusals, a few failures.
func (c call) outcome(r *rand.Rand) outcome {
	spread := math.Exp(0.55 * r.NormFloat64())
	o := outcome{status: http.StatusOK, took: time.Duration(min(c.tookMs*spread, 900) * float64(time.Millisecond)), bytes: int(min(c.bytes*math.Exp(0.4*r.NormFloat64()), 60_000))}
	switch p := r.Float64(); {
	case p < 0.010:
		o.status, o.took = http.StatusServiceUnavailable, o.took*3
	case p < 0.030:
		o.status, o.took = http.StatusTooManyRequests, o.took/4
	case p < 0.065:
		o.status, o.took = http.StatusNotFound, o.took/2
	}
	if o.status != http.StatusOK {
		o.bytes = len(problems[o.status])
	}
	return o
}

var problems = map[int]string{
	http.StatusNotFound:           `{"error":{"code":"not_found","message":"no such object at this version"}}`,
	http.StatusTooManyRequests:    `{"error":{"code":"rate_limited","message":"slow down, then try again"}}`,
	http.StatusServiceUnavailable: `{"error":{"code":"unavailable","message":"the node is catching up, try again"}}`,
}

func objectID(r *rand.Rand) string { return "0x" + hexBytes(r, 32) }

func hexBytes(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return hex.EncodeToString(b)
}
