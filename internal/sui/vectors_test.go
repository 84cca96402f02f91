package sui_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"suiftly/internal/fault"
	"suiftly/internal/sui"
)

var update = flag.Bool("update", false, "write testdata/reasons.golden anew")

// vector is one case of testdata/signatures.json, made with the official SDK.
type vector struct {
	ID        string
	Scheme    string
	Valid     bool
	Why       string
	Address   string
	Message   []byte `json:"message_b64"`
	Signature string
	ZkLogin   *struct {
		CurrentEpoch uint64 `json:"current_epoch"`
	}
}

func vectors(t testing.TB) []vector {
	t.Helper()
	b, err := os.ReadFile("testdata/signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) == 0 {
		t.Fatal("no vectors")
	}
	return file.Vectors
}

func vectorNamed(t testing.TB, id string) vector {
	t.Helper()
	for _, v := range vectors(t) {
		if v.ID == id {
			return v
		}
	}
	t.Fatalf("no vector %s", id)
	return vector{}
}

func (v vector) raw(t testing.TB) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(v.Signature)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func (v vector) claimed(t testing.TB) sui.Address {
	t.Helper()
	a, err := sui.ParseAddress(v.Address)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// check is the whole way of a sign-in: the address as text, then the signature.
func (v vector) check(chain sui.Chain) error {
	claimed, err := sui.ParseAddress(v.Address)
	if err != nil {
		return err
	}
	_, err = sui.Verifier{Chain: chain}.Check(context.Background(), claimed, v.Message, v.Signature)
	return err
}

// chain knows one genuine zkLogin proof: it accepts exactly the statement that the proof binds (inputs, max epoch and
// ephemeral key), as a fullnode does, and nothing else.
type chain struct {
	genuine  []byte
	epoch    uint64
	epochErr error
	askErr   error
	asked    []sui.Address
}

func newChain(t testing.TB, epoch uint64) *chain {
	t.Helper()
	return &chain{genuine: statement(vectorNamed(t, "zklogin-ok").raw(t)), epoch: epoch}
}

// statement cuts the ephemeral signature out of a zkLogin signature that ends in flag 1, signature 64, key 32.
func statement(raw []byte) []byte {
	n := len(raw) - 97
	if n < 0 {
		return nil
	}
	return append(append([]byte{}, raw[:n+1]...), raw[n+65:]...)
}

func (c *chain) Epoch(context.Context) (uint64, error) { return c.epoch, c.epochErr }

func (c *chain) Proven(_ context.Context, a sui.Address, _, signature []byte) (bool, error) {
	c.asked = append(c.asked, a)
	return bytes.Equal(statement(signature), c.genuine), c.askErr
}

func TestVectors(t *testing.T) {
	var reasons strings.Builder
	for _, v := range vectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			epoch := uint64(5)
			if v.ZkLogin != nil {
				epoch = v.ZkLogin.CurrentEpoch
			}
			err := v.check(newChain(t, epoch))
			offline, offlineErr := sui.Verify(v.Message, v.Signature)
			if v.Valid {
				if err != nil {
					t.Fatalf("%s: %v", v.Why, err)
				}
				if v.Scheme == "zklogin" {
					if !errors.Is(offlineErr, sui.ErrZkLoginUnavailable) {
						t.Fatalf("without a chain: %v", offlineErr)
					}
				} else if offlineErr != nil || !offline.Proves(v.claimed(t)) || offline.Scheme.String() != v.Scheme {
					t.Fatalf("without an address: %v, %v", offline, offlineErr)
				}
				return
			}
			if err == nil {
				t.Fatalf("accepted: %s", v.Why)
			}
			if kind := fault.Of(err).Kind; kind != fault.Unauthenticated && kind != fault.Invalid {
				t.Fatalf("not refused but %v", err)
			}
			if len(v.Signature) > 16 && strings.Contains(err.Error(), v.Signature[4:16]) {
				t.Fatalf("the error holds the signature: %v", err)
			}
			reason := fault.Of(err).Code
			if cause := errors.Unwrap(fault.Of(err)); cause != nil {
				reason = cause.Error()
			}
			reasons.WriteString(v.ID + "\t" + reason + "\n")
		})
	}
	t.Run("every bad signature is refused for the reason it was made for", func(t *testing.T) {
		const golden = "testdata/reasons.golden"
		if *update {
			if err := os.WriteFile(golden, []byte(reasons.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if reasons.String() != string(want) {
			t.Errorf("run with -update and read the difference; got\n%s", reasons.String())
		}
	})
}

func TestDamagedSignatures(t *testing.T) {
	for _, v := range vectors(t) {
		if !v.Valid {
			continue
		}
		t.Run(v.ID+", cut anywhere or with a byte changed, is not accepted", func(t *testing.T) {
			t.Parallel()
			raw := v.raw(t)
			c := newChain(t, 5)
			every := 1 + len(raw)/200 // a large committee takes its time under the race detector
			for i := range raw {
				damaged := v
				damaged.Signature = base64.StdEncoding.EncodeToString(raw[:i])
				if damaged.check(c) == nil {
					t.Fatalf("accepted the first %d bytes", i)
				}
				if i%every != 0 {
					continue
				}
				flipped := bytes.Clone(raw)
				flipped[i] ^= 1 << (i % 8)
				damaged.Signature = base64.StdEncoding.EncodeToString(flipped)
				if damaged.check(c) == nil {
					t.Fatalf("accepted with byte %d changed", i)
				}
			}
		})
		t.Run(v.ID+" has one text", func(t *testing.T) {
			t.Parallel()
			for name, text := range map[string]string{
				"a line end after it":  v.Signature + "\n",
				"a line end inside":    v.Signature[:8] + "\r\n" + v.Signature[8:],
				"a blank before it":    " " + v.Signature,
				"more padding":         v.Signature + "=",
				"no padding":           strings.TrimRight(v.Signature, "=") + strings.Repeat("=", strings.Count(v.Signature, "=")/3),
				"the URL alphabet":     strings.NewReplacer("+", "-", "/", "_").Replace(v.Signature) + "-",
				"one more byte":        base64.StdEncoding.EncodeToString(append(v.raw(t), 0)),
				"the same bytes twice": v.Signature + v.Signature,
			} {
				if text == v.Signature {
					continue
				}
				other := v
				other.Signature = text
				if other.check(newChain(t, 5)) == nil {
					t.Errorf("accepted with %s", name)
				}
			}
		})
	}
	t.Run("a huge signature is refused before it is decoded", func(t *testing.T) {
		v := vectorNamed(t, "ed25519-ok-hello")
		v.Signature = strings.Repeat("A", 10<<20)
		if err := v.check(nil); !errors.Is(err, sui.ErrRefused) {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("a length that promises more than there is allocates nothing", func(t *testing.T) {
		for _, raw := range [][]byte{
			{3, 0xff, 0xff, 0xff, 0xff, 7}, {3, 1, 4, 0xff, 0xff, 0xff, 0xff, 7}, {6, 0xff, 0xff, 0xff, 0xff, 7},
			{5, 0xff, 0xff, 0xff, 0xff, 7}, {5, 3, 0xff, 0xff, 0xff, 0xff, 7}, {3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
		} {
			text := base64.StdEncoding.EncodeToString(raw)
			if _, err := sui.Verify(nil, text); !errors.Is(err, sui.ErrRefused) {
				t.Fatalf("%x: %v", raw, err)
			}
			if n := testing.AllocsPerRun(10, func() { _, _ = sui.Verify(nil, text) }); n > 40 {
				t.Fatalf("%x: %v allocations", raw, n)
			}
		}
	})
}
