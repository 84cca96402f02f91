package chain

import (
	"context"
	"errors"
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"suiftly/internal/sui"
	"suiftly/internal/sui/chain/rpc"
)

// OwnKey asks until as many nodes as must agree say that the address signs for itself, or one says that it does not. A node
// that lies can lock an owner out for as long as it is asked; it cannot let anybody in.
func (c *Client) OwnKey(ctx context.Context, address sui.Address) (own bool, err error) {
	id := sui.AliasObject(address).String()
	request := &rpc.GetObjectRequest{ObjectId: &id, ReadMask: &fieldmaskpb.FieldMask{Paths: []string{"object_id", "object_type", "contents"}}}
	yes := 0
	err = c.each(ctx, func(ctx context.Context, n *node) (enough bool, err error) {
		if _, err := c.believed(ctx, n); err != nil {
			return false, err
		}
		answer, err := n.object.CallUnary(ctx, connect.NewRequest(request))
		own = connect.CodeOf(err) == connect.CodeNotFound // nobody has enabled aliases for the address
		switch {
		case err != nil && !own:
			return false, fmt.Errorf("get object: %w", err)
		case err == nil:
			object := answer.Msg.GetObject()
			if object.GetObjectId() != id || object.GetObjectType() != sui.AliasType {
				return false, errors.New("get object: it is another one")
			}
			if own, err = sui.ListsOwnKey(address, object.GetContents().GetValue()); err != nil {
				return false, fmt.Errorf("get object: %w", err)
			}
		}
		if own {
			yes++
			return yes >= c.config.Agree, nil
		}
		return true, nil
	})
	return own && err == nil, err
}
