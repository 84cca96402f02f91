package services

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
)

// ErrNoExport is a version that no replica gave.
var ErrNoExport = fault.New(fault.Invalid, "services.edge_version", "This is not a version of the edge's files. Send the one that came with them.")

const (
	edgeSeen   = time.Minute      // an edge that was not heard of for longer serves nobody, or nobody knows
	ackRepeats = 20 * time.Second // a replica's own HAProxy; agents do the same
)

// EdgeState tells how far a customer's last change has come.
type EdgeState struct {
	Live int64 `db:"live" json:"live" doc:"HAProxies that hold your last change."`
	Of   int64 `db:"of" json:"of" doc:"HAProxies that were heard of in the last minute."`
}

// edgeState counts the edges of the last minute, and those that hold the customer's last change of a key, a switch or a
// suspension.
func (m *Module) edgeState(ctx context.Context, id customer.ID) (*EdgeState, error) {
	s, err := selectEdgeState(ctx, m.kit.DB, id, m.kit.Now().Add(-edgeSeen))
	return &s, err
}

// acknowledge keeps what an edge says it holds.
func (m *Module) acknowledge(ctx context.Context, edge, version, haproxyVersion string, appliedAt time.Time) error {
	revision, ok := revisionOf(version)
	if !ok {
		return ErrNoExport
	}
	err := putAck(ctx, m.kit.DB, Ack{
		Edge: edge, Version: version, Revision: revision, HAProxyVersion: haproxyVersion, AppliedAt: appliedAt, SeenAt: m.kit.Now(),
	})
	if err != nil {
		return fmt.Errorf("keep what edge %s holds: %w", edge, err)
	}
	return nil
}

func revisionOf(version string) (int64, bool) {
	text, hash, _ := strings.Cut(version, "-")
	revision, err := strconv.ParseInt(text, 10, 64)
	return revision, err == nil && revision >= 0 && len(hash) == 64
}

// Edges gives the newest revision and every edge that was ever heard of, by name.
func (m *Module) Edges(ctx context.Context) (revision int64, edges []Ack, err error) {
	if revision, err = edgeRevision(ctx, m.kit.DB); err != nil {
		return 0, nil, err
	}
	edges, err = selectAcks(ctx, m.kit.DB)
	return revision, append([]Ack{}, edges...), err
}
