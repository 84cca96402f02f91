package chain

import (
	"errors"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"suiftly/internal/sui"
	"suiftly/internal/sui/chain/rpc"
)

func TestOwnKey(t *testing.T) {
	t.Parallel()
	id, kind := sui.AliasObject(address).String(), sui.AliasType
	list := func(aliases ...sui.Address) *rpc.Object {
		object := sui.AliasObject(address)
		contents := append(object[:], byte(len(aliases)))
		for _, a := range aliases {
			contents = append(contents, a[:]...)
		}
		return &rpc.Object{ObjectId: &id, ObjectType: &kind, Contents: &rpc.Bcs{Value: contents}}
	}
	other := "0x0000000000000000000000000000000000000000000000000000000000000002::coin::Coin"
	has := func(object *rpc.Object) *fullnode {
		return start(t, func(n *fullnode) {
			n.object = func(r *rpc.GetObjectRequest) (*rpc.GetObjectResponse, error) {
				if r.GetObjectId() != id || strings.Join(r.GetReadMask().GetPaths(), ",") != "object_id,object_type,contents" {
					t.Errorf("asked %v", r)
				}
				return &rpc.GetObjectResponse{Object: object}, nil
			}
		})
	}
	says := func(code connect.Code) *fullnode {
		return start(t, func(n *fullnode) {
			n.object = func(*rpc.GetObjectRequest) (*rpc.GetObjectResponse, error) {
				return nil, connect.NewError(code, errors.New("so"))
			}
		})
	}
	for name, c := range map[string]struct {
		agree int
		nodes []*fullnode
		own   bool
		err   string // empty: an answer
	}{
		"no aliases":                        {1, []*fullnode{says(connect.CodeNotFound)}, true, ""},
		"on its own list":                   {1, []*fullnode{has(list(sui.Address{1}, address))}, true, ""},
		"taken away":                        {1, []*fullnode{has(list(sui.Address{1}))}, false, ""},
		"taken away, and nobody else asked": {1, []*fullnode{has(list(sui.Address{1})), says(connect.CodeNotFound)}, false, ""},
		"of two that agree":                 {2, []*fullnode{says(connect.CodeNotFound), has(list(address))}, true, ""},
		"one of two says no":                {2, []*fullnode{says(connect.CodeNotFound), has(list(sui.Address{1}))}, false, ""},
		"one of two is away":                {2, []*fullnode{says(connect.CodeNotFound), says(connect.CodeUnavailable)}, false, "unavailable"},
		"away, then one":                    {1, []*fullnode{says(connect.CodeUnavailable), says(connect.CodeNotFound)}, true, ""},
		"away, then taken away":             {1, []*fullnode{says(connect.CodeUnavailable), has(list(sui.Address{1}))}, false, ""},
		"does not know objects":             {1, []*fullnode{says(connect.CodeUnimplemented)}, false, "unimplemented"},
		"no object in the answer":           {1, []*fullnode{has(nil)}, false, "another one"},
		"another type":                      {1, []*fullnode{has(&rpc.Object{ObjectId: &id, ObjectType: &other, Contents: list(address).GetContents()})}, false, "another one"},
		"another object":                    {1, []*fullnode{has(&rpc.Object{ObjectId: &other, ObjectType: &kind, Contents: list(address).GetContents()})}, false, "another one"},
		"no contents":                       {1, []*fullnode{has(&rpc.Object{ObjectId: &id, ObjectType: &kind})}, false, "not the list"},
		"of mainnet":                        {1, []*fullnode{start(t, func(n *fullnode) { n.chain = genesis["mainnet"] })}, false, "is not testnet"},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := client(t, c.agree, c.nodes...)
			own, err := client.OwnKey(t.Context(), address)
			if own != c.own || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %v, %v", own, err)
			}
		})
	}
}
