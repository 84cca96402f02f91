package main

import (
	"context"

	"suiftly/internal/web"
)

// installation is what the dashboard needs to know before anybody has signed in.
type installation struct {
	Version string `json:"version" doc:"Of this binary."`
	Network string `json:"network" enum:"mainnet,testnet,devnet,localnet" doc:"The Sui network of the accounts."`
	APIURL  string `json:"api_url" doc:"Where customers send their requests, without a slash at the end; empty when the operator did not say (edge.public_url)."`
}

type installationOut struct{ Body installation }

// meta adds the one route that belongs to no room.
func meta(server *web.Server, s settings) {
	about := installation{Version: version, Network: s.Auth.Network, APIURL: s.Edge.PublicURL}
	web.Get(server.Room("meta"), "/", "get", web.Anyone, "What this installation is", func(context.Context, *struct{}) (*installationOut, error) {
		return &installationOut{about}, nil
	})
}
