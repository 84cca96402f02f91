package chain

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"suiftly/internal/sui"
	"suiftly/internal/sui/chain/rpc"
)

// fullnode is a node in this process that a test makes behave.
type fullnode struct {
	url                 string
	chain               string
	epoch               uint64
	at                  time.Time
	info                func(*rpc.GetServiceInfoResponse) // spoils the answer
	verify              func(context.Context, *connect.Request[rpc.VerifySignatureRequest]) (*rpc.VerifySignatureResponse, error)
	object              func(*rpc.GetObjectRequest) (*rpc.GetObjectResponse, error)
	header              string // that must be there
	asked, askedAboutIt atomic.Int64
	hang                chan struct{} // while set, nothing is answered
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func valid(yes bool, reason string) func(context.Context, *connect.Request[rpc.VerifySignatureRequest]) (*rpc.VerifySignatureResponse, error) {
	return func(context.Context, *connect.Request[rpc.VerifySignatureRequest]) (*rpc.VerifySignatureResponse, error) {
		return &rpc.VerifySignatureResponse{IsValid: &yes, Reason: &reason}, nil
	}
}

func failing(code connect.Code) func(context.Context, *connect.Request[rpc.VerifySignatureRequest]) (*rpc.VerifySignatureResponse, error) {
	return func(context.Context, *connect.Request[rpc.VerifySignatureRequest]) (*rpc.VerifySignatureResponse, error) {
		return nil, connect.NewError(code, errors.New("not now"))
	}
}

func start(t *testing.T, change func(*fullnode)) *fullnode {
	t.Helper()
	n := &fullnode{chain: genesis["testnet"], epoch: 7, at: noon, verify: valid(true, "")}
	if change != nil {
		change(n)
	}
	wait := func(ctx context.Context) {
		if n.hang != nil {
			select {
			case <-n.hang:
			case <-ctx.Done():
			}
		}
	}
	denied := func(h http.Header) error {
		name, value, _ := strings.Cut(n.header, ": ")
		if n.header != "" && h.Get(name) != value {
			return connect.NewError(connect.CodeUnauthenticated, errors.New("no token"))
		}
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle(rpc.GetServiceInfo, connect.NewUnaryHandler(rpc.GetServiceInfo, func(ctx context.Context, r *connect.Request[rpc.GetServiceInfoRequest]) (*connect.Response[rpc.GetServiceInfoResponse], error) {
		n.askedAboutIt.Add(1)
		wait(ctx)
		if err := denied(r.Header()); err != nil {
			return nil, err
		}
		answer := &rpc.GetServiceInfoResponse{ChainId: &n.chain, Epoch: &n.epoch, Timestamp: timestamppb.New(n.at)}
		if n.info != nil {
			n.info(answer)
		}
		return connect.NewResponse(answer), nil
	}))
	mux.Handle(rpc.VerifySignature, connect.NewUnaryHandler(rpc.VerifySignature, func(ctx context.Context, r *connect.Request[rpc.VerifySignatureRequest]) (*connect.Response[rpc.VerifySignatureResponse], error) {
		n.asked.Add(1)
		wait(ctx)
		if err := denied(r.Header()); err != nil {
			return nil, err
		}
		answer, err := n.verify(ctx, r)
		if err != nil {
			return nil, err
		}
		return connect.NewResponse(answer), nil
	}))
	mux.Handle(rpc.GetObject, connect.NewUnaryHandler(rpc.GetObject, func(ctx context.Context, r *connect.Request[rpc.GetObjectRequest]) (*connect.Response[rpc.GetObjectResponse], error) {
		n.asked.Add(1)
		wait(ctx)
		answer, err := n.object(r.Msg)
		if err != nil {
			return nil, err
		}
		return connect.NewResponse(answer), nil
	}))
	n.url = serve(t, mux)
	return n
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Handler: h, Protocols: protocols}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	return "http://" + l.Addr().String()
}

// client asks the nodes in this order.
func client(t *testing.T, agree int, nodes ...*fullnode) (*Client, *atomic.Int64) {
	t.Helper()
	c := Config{Network: "testnet", Agree: agree, Patience: 20 * time.Second}
	for _, n := range nodes {
		c.Nodes = append(c.Nodes, Node{URL: n.url})
	}
	clock := &atomic.Int64{}
	clock.Store(noon.UnixNano())
	out, err := New(c, func() time.Time { return time.Unix(0, clock.Load()) })
	if err != nil {
		t.Fatal(err)
	}
	return out, clock
}

var (
	address   = sui.Address{31: 5}
	message   = []byte("hello")
	signature = []byte{5, 1, 2, 3}
)

func proven(t *testing.T, c *Client) (bool, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	return c.Proven(ctx, address, message, signature)
}

func TestProven(t *testing.T) {
	t.Parallel()
	t.Run("the node is asked about the message as the network reads it", func(t *testing.T) {
		var got *rpc.VerifySignatureRequest
		n := start(t, func(n *fullnode) {
			n.verify = func(_ context.Context, r *connect.Request[rpc.VerifySignatureRequest]) (*rpc.VerifySignatureResponse, error) {
				got = r.Msg
				yes := true
				return &rpc.VerifySignatureResponse{IsValid: &yes}, nil
			}
		})
		c, _ := client(t, 1, n)
		if ok, err := proven(t, c); !ok || err != nil {
			t.Fatalf("got %v, %v", ok, err)
		}
		if got.GetMessage().GetName() != "PersonalMessage" || string(got.GetMessage().GetValue()) != "\x05hello" || string(got.GetSignature().GetBcs().GetValue()) != string(signature) || got.GetAddress() != address.String() {
			t.Errorf("asked %v", got)
		}
	})
	no := func(change func(*fullnode)) *fullnode { return start(t, change) }
	for name, c := range map[string]struct {
		agree  int
		nodes  []*fullnode
		proven bool
		err    string // empty: an answer
	}{
		"yes": {1, []*fullnode{start(t, nil)}, true, ""},
		"no":  {1, []*fullnode{no(func(n *fullnode) { n.verify = valid(false, "invalid zklogin proof") })}, false, ""},
		"no, and a second opinion is not asked for": {1, []*fullnode{no(func(n *fullnode) { n.verify = valid(false, "invalid") }), start(t, nil)}, false, ""},
		"neither yes nor no": {1, []*fullnode{no(func(n *fullnode) {
			n.verify = func(context.Context, *connect.Request[rpc.VerifySignatureRequest]) (*rpc.VerifySignatureResponse, error) {
				return &rpc.VerifySignatureResponse{}, nil
			}
		})}, false, "neither yes nor no"},
		"the issuer's key is not there yet": {1, []*fullnode{no(func(n *fullnode) {
			n.verify = valid(false, "unable to find corresponding JWK with id 'x' for provided authenticator")
		})}, false, "JWK"},
		"an error that blames the signature":     {1, []*fullnode{no(func(n *fullnode) { n.verify = failing(connect.CodeInvalidArgument) })}, false, "invalid_argument"},
		"an error, then a node that works":       {1, []*fullnode{no(func(n *fullnode) { n.verify = failing(connect.CodeInternal) }), start(t, nil)}, true, ""},
		"rate limited, then a node that says no": {1, []*fullnode{no(func(n *fullnode) { n.verify = failing(connect.CodeResourceExhausted) }), no(func(n *fullnode) { n.verify = valid(false, "invalid") })}, false, ""},
		"no such service":                        {1, []*fullnode{{url: serve(t, http.NotFoundHandler())}}, false, "unimplemented"},
		"not gRPC at all":                        {1, []*fullnode{{url: serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }))}}, false, "service info"},
		"nobody there":                           {1, []*fullnode{{url: "http://127.0.0.1:1"}, {url: "http://127.0.0.1:2"}}, false, "127.0.0.1:2"},
		"nobody there, then one":                 {1, []*fullnode{{url: "http://127.0.0.1:1"}, start(t, nil)}, true, ""},
		"a redirect":                             {1, []*fullnode{{url: serve(t, http.RedirectHandler("http://127.0.0.1:1/", http.StatusFound))}}, false, "service info"},
		"of mainnet":                             {1, []*fullnode{no(func(n *fullnode) { n.chain = genesis["mainnet"] })}, false, "is not testnet"},
		"of a local network":                     {1, []*fullnode{no(func(n *fullnode) { n.chain = "11111111111111111111111111111111" })}, false, "is not testnet"},
		"an hour behind":                         {1, []*fullnode{no(func(n *fullnode) { n.at = noon.Add(-time.Hour) })}, false, "1h0m0s behind"},
		"one behind, one new":                    {1, []*fullnode{no(func(n *fullnode) { n.at = noon.Add(-time.Hour) }), start(t, nil)}, true, ""},
		"says nothing of itself":                 {1, []*fullnode{no(func(n *fullnode) { n.info = func(a *rpc.GetServiceInfoResponse) { a.Timestamp = nil } })}, false, "does not say"},
		"two of two agree":                       {2, []*fullnode{start(t, nil), start(t, nil)}, true, ""},
		"two of three agree":                     {2, []*fullnode{start(t, nil), no(func(n *fullnode) { n.verify = failing(connect.CodeUnavailable) }), start(t, nil)}, true, ""},
		"a liar alone":                           {2, []*fullnode{start(t, nil), no(func(n *fullnode) { n.verify = valid(false, "invalid") })}, false, ""},
		"one of two is gone":                     {2, []*fullnode{start(t, nil), {url: "http://127.0.0.1:1"}}, false, "no other fullnode"},
		"no node at all":                         {1, nil, false, "no other fullnode"},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := client(t, c.agree, c.nodes...)
			ok, err := proven(t, client)
			if ok != c.proven || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %v, %v", ok, err)
			}
		})
	}
	t.Run("a node that hangs costs its patience once, then it is asked last", func(t *testing.T) {
		hanging := start(t, func(n *fullnode) { n.hang = make(chan struct{}) })
		good := start(t, nil)
		c, clock := client(t, 1, hanging, good)
		c.config.Patience = time.Second
		began := time.Now()
		if ok, err := proven(t, c); !ok || err != nil {
			t.Fatalf("got %v, %v", ok, err)
		}
		if took := time.Since(began); took < 900*time.Millisecond || took > 15*time.Second {
			t.Errorf("took %s", took)
		}
		for range 5 {
			if ok, err := proven(t, c); !ok || err != nil {
				t.Fatalf("got %v, %v", ok, err)
			}
		}
		if n := hanging.askedAboutIt.Load(); n != 1 {
			t.Errorf("asked %d times", n)
		}
		close(hanging.hang)
		clock.Add(int64(troubledFor))
		if _, err := proven(t, c); err != nil || hanging.asked.Load() != 1 {
			t.Errorf("it was not tried again: %v", err)
		}
	})
	t.Run("whose request has no time left is told so, and no node is blamed", func(t *testing.T) {
		n := start(t, func(n *fullnode) { n.hang = make(chan struct{}) })
		c, _ := client(t, 1, n)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := c.Proven(ctx, address, message, signature); !errors.Is(err, context.DeadlineExceeded) || !c.nodes[0].troubled.IsZero() {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an answer of a megabyte is refused", func(t *testing.T) {
		n := start(t, func(n *fullnode) { n.verify = valid(true, strings.Repeat("x", 1<<20)) })
		c, _ := client(t, 1, n)
		if ok, err := proven(t, c); ok || err == nil {
			t.Errorf("got %v, %v", ok, err)
		}
	})
}

func TestEpoch(t *testing.T) {
	t.Parallel()
	n, ahead := start(t, nil), start(t, func(n *fullnode) { n.epoch = 8 })
	c, clock := client(t, 1, n)
	for range 3 {
		if e, err := c.Epoch(t.Context()); e != 7 || err != nil {
			t.Fatalf("got %d, %v", e, err)
		}
	}
	if asked := n.askedAboutIt.Load(); asked != 1 {
		t.Errorf("asked %d times within a minute", asked)
	}
	clock.Add(int64(checkedFor))
	n.epoch = 9
	if e, err := c.Epoch(t.Context()); e != 9 || err != nil {
		t.Errorf("a minute later: %d, %v", e, err)
	}
	two, _ := client(t, 2, start(t, nil), ahead)
	if e, err := two.Epoch(t.Context()); e != 8 || err != nil {
		t.Errorf("of two: %d, %v", e, err)
	}
	gone, _ := client(t, 1, &fullnode{url: "http://127.0.0.1:1"})
	if _, err := gone.Epoch(t.Context()); err == nil {
		t.Error("an epoch from nobody")
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	n := start(t, func(n *fullnode) { n.header = "x-token: s3cret" })
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ask := func(node Node) (bool, error) {
		c, err := New(Config{Network: "testnet", Nodes: []Node{node}, Agree: 1, Patience: 20 * time.Second}, func() time.Time { return noon })
		if err != nil {
			return false, err
		}
		return c.Proven(t.Context(), address, message, signature)
	}
	for name, node := range map[string]Node{"given": {URL: n.url + "/", Header: "x-token", Token: "s3cret"}, "in a file": {URL: n.url, Header: "x-token", TokenFile: file}} {
		if ok, err := ask(node); !ok || err != nil {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
	for name, node := range map[string]Node{"none": {URL: n.url}, "another": {URL: n.url, Header: "x-token", Token: "guess"}, "no file": {URL: n.url, Header: "x-token", TokenFile: file + "x"}} {
		if ok, err := ask(node); ok || err == nil || strings.Contains(err.Error(), "guess") {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
}

func TestNodeValidate(t *testing.T) {
	for name, c := range map[string]struct {
		node Node
		bad  string
	}{
		"https":              {Node{URL: "https://fullnode.testnet.sui.io:443"}, ""},
		"https with a token": {Node{URL: "https://x.example", Header: "x-token", Token: "t"}, ""},
		"plain":              {Node{URL: "http://10.0.0.5:9000"}, ""},
		"plain with a token": {Node{URL: "http://10.0.0.5:9000", Header: "x-token", Token: "t"}, "k.url"},
		"no scheme":          {Node{URL: "fullnode.testnet.sui.io:443"}, "k.url"},
		"empty":              {Node{}, "k.url"},
		"a password in it":   {Node{URL: "https://u:p@x.example"}, "k.url"},
		"a header alone":     {Node{URL: "https://x.example", Header: "x-token"}, "k.header"},
		"a token alone":      {Node{URL: "https://x.example", Token: "t"}, "k.header"},
		"two tokens":         {Node{URL: "https://x.example", Header: "x-token", Token: "t", TokenFile: "f"}, "k.token"},
	} {
		problems := c.node.Validate("k")
		if (len(problems) == 0) != (c.bad == "") || len(problems) > 0 && !strings.HasPrefix(problems[0].Error(), c.bad) {
			t.Errorf("%s: %v", name, problems)
		}
	}
	for network, ids := range map[string][3]bool{"mainnet": {true, false, false}, "testnet": {false, true, false}, "devnet": {false, false, true}, "localnet": {false, false, true}} {
		for i, id := range []string{genesis["mainnet"], genesis["testnet"], "other"} {
			if ofNetwork(network, id) != ids[i] {
				t.Errorf("%s and %s", network, id)
			}
		}
	}
}
