// Package chain asks Sui fullnodes over gRPC what only the network knows. A node is asked only when it is of the configured
// network and up to date; one that hangs, fails or talks nonsense is passed over for the next.
package chain

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"

	"suiftly/internal/sui"
	"suiftly/internal/sui/chain/rpc"
)

// Node is one fullnode, an entry of a list in config.yaml.
type Node struct {
	URL       string `koanf:"url"`    // https://host:port
	Header    string `koanf:"header"` // what carries the token: Authorization, x-token, ...
	Token     string `koanf:"token" secret:"true"`
	TokenFile string `koanf:"token_file"` // or a file with it
}

// Validate gives every problem of the entry, named as key.
func (n Node) Validate(key string) (problems []error) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	u, err := url.Parse(n.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		bad("%s.url: %q is not an address such as https://fullnode.testnet.sui.io:443", key, n.URL)
	case u.Scheme == "http" && n.token():
		bad("%s.url: %q: a token is sent over https only", key, n.URL)
	}
	if n.Token != "" && n.TokenFile != "" {
		bad("%s.token: goes without token_file", key)
	}
	if n.token() != (n.Header != "") {
		bad("%s.header: goes together with token or token_file", key)
	}
	return problems
}

func (n Node) token() bool { return n.Token != "" || n.TokenFile != "" }

// Config is how nodes are asked.
type Config struct {
	Network  string        // mainnet, testnet, devnet or localnet: nodes of another are not believed
	Nodes    []Node        // in order of preference
	Agree    int           // how many must say yes to a proof or a key, and tell the epoch
	Patience time.Duration // with one call to one node
}

// Client asks the nodes. It is a sui.Chain, and knows sui.Aliases.
type Client struct {
	config Config
	nodes  []*node
	now    func() time.Time
}

var (
	_ sui.Chain   = (*Client)(nil)
	_ sui.Aliases = (*Client)(nil)
)

type node struct {
	url    string
	info   *connect.Client[rpc.GetServiceInfoRequest, rpc.GetServiceInfoResponse]
	verify *connect.Client[rpc.VerifySignatureRequest, rpc.VerifySignatureResponse]
	object *connect.Client[rpc.GetObjectRequest, rpc.GetObjectResponse]

	mu       sync.Mutex
	epoch    uint64
	checked  time.Time // when it was last seen to be of our network and up to date
	troubled time.Time // when it last failed: it is asked after the others for a while
}

const (
	checkedFor  = time.Minute      // how long a node's own word about itself holds
	troubledFor = 15 * time.Second // how long a node that failed is asked last
	behind      = 5 * time.Minute  // how old a node's newest checkpoint may be; the network makes several a second
	answerBytes = 64 << 10         // no answer to us is longer
)

// Digests of the genesis checkpoints of the two networks that last. The others are made anew now and then.
var genesis = map[string]string{
	"mainnet": "4btiuiMPvEENsttpZC7CZ53DruC3MAgfznDbASZ7DR6S",
	"testnet": "69WiPg3DAQiwdxfncX6wYQ2siKwAe6L9BZthQea3JNMD",
}

// New makes a client; nobody is called yet.
func New(c Config, now func() time.Time) (*Client, error) {
	client := &Client{config: c, now: now}
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true) // for http:// only, which Validate allows without a token
	transport := &http.Client{
		Transport: &http.Transport{
			Protocols: protocols, TLSHandshakeTimeout: 5 * time.Second, IdleConnTimeout: 90 * time.Second,
			HTTP2: &http.HTTP2Config{SendPingTimeout: 20 * time.Second, PingTimeout: 10 * time.Second},
		},
		// A redirect would carry the token to wherever it says.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, n := range c.Nodes {
		token := n.Token
		if n.TokenFile != "" {
			text, err := os.ReadFile(n.TokenFile)
			if err != nil {
				return nil, fmt.Errorf("token of fullnode %s: %w", n.URL, err)
			}
			token = strings.TrimSpace(string(text))
		}
		options := []connect.ClientOption{
			connect.WithGRPC(), connect.WithReadMaxBytes(answerBytes),
			connect.WithInterceptors(connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
				return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
					if token != "" {
						r.Header().Set(n.Header, token)
					}
					return next(ctx, r)
				}
			})),
		}
		base := strings.TrimSuffix(n.URL, "/")
		client.nodes = append(client.nodes, &node{
			url:    base,
			info:   connect.NewClient[rpc.GetServiceInfoRequest, rpc.GetServiceInfoResponse](transport, base+rpc.GetServiceInfo, options...),
			verify: connect.NewClient[rpc.VerifySignatureRequest, rpc.VerifySignatureResponse](transport, base+rpc.VerifySignature, options...),
			object: connect.NewClient[rpc.GetObjectRequest, rpc.GetObjectResponse](transport, base+rpc.GetObject, options...),
		})
	}
	return client, nil
}

// each asks the nodes in turn, those without recent trouble first, until ask says that it has enough. An error of ask is the
// node's trouble and the next is asked; when none is left, all the errors come back.
func (c *Client) each(ctx context.Context, ask func(ctx context.Context, n *node) (enough bool, err error)) error {
	now := c.now()
	var order, last []*node
	for _, n := range c.nodes {
		n.mu.Lock()
		troubled := !n.troubled.IsZero() && now.Sub(n.troubled) < troubledFor
		n.mu.Unlock()
		if troubled {
			last = append(last, n)
		} else {
			order = append(order, n)
		}
	}
	var failed []error
	for _, n := range append(order, last...) {
		try, cancel := context.WithTimeout(ctx, c.config.Patience)
		enough, err := ask(try, n)
		cancel()
		if gone := callerGone(ctx, try, err); gone != nil {
			return errors.Join(append(failed, gone)...)
		}
		n.mu.Lock()
		n.troubled = time.Time{}
		if err != nil {
			n.troubled = now
			failed = append(failed, fmt.Errorf("%s: %w", n.url, err))
		}
		n.mu.Unlock()
		if err == nil && enough {
			return nil
		}
	}
	return errors.Join(append(failed, errors.New("no other fullnode is left to ask"))...)
}

// callerGone tells our caller having left or run out of time from a node's fault. The node knows the deadline too and may
// report it a moment before our own clock does.
func callerGone(ctx, try context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	end, bounded := ctx.Deadline()
	if at, _ := try.Deadline(); bounded && !at.Before(end) && connect.CodeOf(err) == connect.CodeDeadlineExceeded {
		return context.DeadlineExceeded
	}
	return nil
}

// believed asks a node about itself, when that is not known of late: its network, how new it is, and the epoch.
func (c *Client) believed(ctx context.Context, n *node) (epoch uint64, err error) {
	n.mu.Lock()
	epoch, checked := n.epoch, n.checked
	n.mu.Unlock()
	if age := c.now().Sub(checked); !checked.IsZero() && age >= 0 && age < checkedFor {
		return epoch, nil
	}
	answer, err := n.info.CallUnary(ctx, connect.NewRequest(&rpc.GetServiceInfoRequest{}))
	if err != nil {
		return 0, fmt.Errorf("service info: %w", err)
	}
	info, now := answer.Msg, c.now()
	if info.Epoch == nil || info.GetChainId() == "" || info.GetTimestamp() == nil {
		return 0, errors.New("it does not say its chain, epoch and time")
	}
	if !ofNetwork(c.config.Network, info.GetChainId()) {
		return 0, fmt.Errorf("it is of chain %.64q, which is not %s", info.GetChainId(), c.config.Network)
	}
	if age := now.Sub(info.GetTimestamp().AsTime()); age > behind {
		return 0, fmt.Errorf("it is %s behind", age.Round(time.Second))
	}
	n.mu.Lock()
	n.epoch, n.checked = info.GetEpoch(), now
	n.mu.Unlock()
	return info.GetEpoch(), nil
}

// ofNetwork says whether a chain id can be the network's.
func ofNetwork(network, id string) bool {
	if want, lasting := genesis[network]; lasting {
		return id == want
	}
	return id != genesis["mainnet"] && id != genesis["testnet"]
}

// Epoch is the current epoch: the highest that as many nodes as must agree told, because an old one would let sessions live
// on that have ended.
func (c *Client) Epoch(ctx context.Context) (epoch uint64, err error) {
	told := 0
	err = c.each(ctx, func(ctx context.Context, n *node) (enough bool, err error) {
		e, err := c.believed(ctx, n)
		if err != nil {
			return false, err
		}
		epoch, told = max(epoch, e), told+1
		return told >= c.config.Agree, nil
	})
	return epoch, err
}

// Proven asks until as many nodes as must agree say yes, or one says no.
func (c *Client) Proven(ctx context.Context, address sui.Address, message, signature []byte) (proven bool, err error) {
	name, text := "PersonalMessage", address.String()
	request := &rpc.VerifySignatureRequest{
		Message:   &rpc.Bcs{Name: &name, Value: sui.MessageBCS(message)},
		Signature: &rpc.UserSignature{Bcs: &rpc.Bcs{Value: signature}},
		Address:   &text,
	}
	yes := 0
	err = c.each(ctx, func(ctx context.Context, n *node) (enough bool, err error) {
		// Mainnet and the others have different keys for proofs: a node of another network would say no to what is right.
		if _, err := c.believed(ctx, n); err != nil {
			return false, err
		}
		answer, err := n.verify.CallUnary(ctx, connect.NewRequest(request))
		switch {
		case err != nil:
			// Also an error that blames the request: what is wrong with a signature is told in an answer.
			return false, fmt.Errorf("verify signature: %w", err)
		case answer.Msg.IsValid == nil:
			return false, errors.New("verify signature: neither yes nor no")
		case answer.Msg.GetIsValid():
			yes++
			proven = yes >= c.config.Agree
			return proven, nil
		case strings.Contains(strings.ToLower(answer.Msg.GetReason()), "jwk"):
			// The issuer's key is not on the chain (yet, or any more): no word about the signature.
			return false, fmt.Errorf("verify signature: %.200s", answer.Msg.GetReason())
		}
		proven = false
		return true, nil
	})
	return proven && err == nil, err
}
