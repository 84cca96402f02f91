package emulator

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"suiftly/internal/sui"
)

// Handler serves gRPC, gRPC-Web in both its forms to pages of any origin, and the faucet.
func (e *Emulator) Handler() http.Handler {
	mux := http.NewServeMux()
	e.services(mux)
	mux.HandleFunc("POST /v2/gas", e.gas)
	return anyOrigin(webText(mux))
}

// gas is the faucet as Sui's own: {"FixedAmountRequest": {"recipient": "0x..."}}. An amount and a coin type may be named too.
func (e *Emulator) gas(w http.ResponseWriter, r *http.Request) {
	var q struct {
		FixedAmountRequest struct {
			Recipient sui.Address `json:"recipient"`
			CoinType  string      `json:"coin_type"`
			Amount    uint64      `json:"amount,string"`
		}
	}
	q.FixedAmountRequest.CoinType, q.FixedAmountRequest.Amount = SUI, 10_000_000_000
	err := json.NewDecoder(io.LimitReader(r.Body, 4<<10)).Decode(&q)
	var digest sui.Digest
	if err == nil {
		digest, err = e.Give(q.FixedAmountRequest.Recipient, q.FixedAmountRequest.CoinType, q.FixedAmountRequest.Amount)
	}
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"status": map[string]any{"Failure": map[string]any{"internal": err.Error()}}})
		return
	}
	sent := map[string]any{"amount": q.FixedAmountRequest.Amount, "id": newObjectID(digest, 0).String(), "transferTxDigest": digest.String()}
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "Success", "coins_sent": []any{sent}})
}

func anyOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "grpc-status, grpc-message, grpc-status-details-bin")
		if r.Method == http.MethodOptions {
			h.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
			h.Set("Access-Control-Allow-Headers", "content-type, x-grpc-web, x-user-agent, grpc-timeout, x-sui-client-protocol-version, client-sdk-type, client-sdk-version")
			h.Set("Access-Control-Max-Age", "7200")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// webText turns gRPC-Web's base64 form, which @mysten/sui speaks unless told otherwise, into the binary one that connect knows.
func webText(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc-web-text") {
			next.ServeHTTP(w, r)
			return
		}
		r.Header.Set("Content-Type", "application/grpc-web+proto")
		r.Body = struct {
			io.Reader
			io.Closer
		}{base64.NewDecoder(base64.StdEncoding, r.Body), r.Body}
		r.ContentLength = -1
		next.ServeHTTP(&textWriter{ResponseWriter: w}, r)
	})
}

// textWriter writes every write as base64 of its own, padded, as the form allows.
type textWriter struct {
	http.ResponseWriter
	begun bool
}

func (t *textWriter) begin() {
	if t.begun {
		return
	}
	t.begun = true
	h := t.Header()
	if strings.HasPrefix(h.Get("Content-Type"), "application/grpc-web") {
		h.Set("Content-Type", "application/grpc-web-text+proto")
	}
	h.Del("Content-Length")
}

func (t *textWriter) WriteHeader(code int) {
	t.begin()
	t.ResponseWriter.WriteHeader(code)
}

func (t *textWriter) Write(b []byte) (int, error) {
	t.begin()
	if _, err := io.WriteString(t.ResponseWriter, base64.StdEncoding.EncodeToString(b)); err != nil {
		return 0, fmt.Errorf("write base64: %w", err)
	}
	return len(b), nil
}

func (t *textWriter) Flush() {
	t.begin()
	if f, ok := t.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

func (t *textWriter) Unwrap() http.ResponseWriter { return t.ResponseWriter }
