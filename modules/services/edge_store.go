package services

import (
	"context"
	_ "embed"
	"time"

	"github.com/lib/pq"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

const edgeRevisionSQL = `select revision from services.edge_revision`

func edgeRevision(ctx context.Context, q pg.Q) (revision int64, err error) {
	return revision, q.GetContext(ctx, &revision, edgeRevisionSQL)
}

//go:embed sql/edge_keys.sql
var edgeKeysSQL string

type edgeKey struct {
	SHA256   string      `db:"key_sha256"`
	Customer customer.ID `db:"customer_id"`
	Service  string      `db:"service"`
	ID       string      `db:"key_id"`

	ExpiresAt    *time.Time     `db:"expires_at"`
	Networks     Networks       `db:"networks"`
	Tier         string         `db:"tier"`
	Burst        bool           `db:"burst"`
	Enabled      bool           `db:"enabled"`
	SuspendedFor pq.StringArray `db:"suspended_for"`
}

func selectEdgeKeys(ctx context.Context, q pg.Q, types []string) (keys []edgeKey, err error) {
	return keys, q.SelectContext(ctx, &keys, edgeKeysSQL, pq.Array(types))
}

// Ack is what a HAProxy was last heard to hold.
type Ack struct {
	Edge           string    `db:"edge" json:"edge" doc:"An agent's name, or <host>:<socket> of a HAProxy beside a replica."`
	Version        string    `db:"version" json:"version"`
	Revision       int64     `db:"revision" json:"revision" doc:"The last change that it holds, with every one before."`
	HAProxyVersion string    `db:"haproxy_version" json:"haproxy_version"`
	AppliedAt      time.Time `db:"applied_at" json:"applied_at" doc:"By the clock of its host."`
	SeenAt         time.Time `db:"seen_at" json:"seen_at"`
}

const putAckSQL = `insert into services.edge_acks (edge, version, revision, haproxy_version, applied_at, seen_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (edge) do update
set version = excluded.version, revision = excluded.revision, haproxy_version = excluded.haproxy_version,
    applied_at = excluded.applied_at, seen_at = excluded.seen_at`

func putAck(ctx context.Context, q pg.Q, a Ack) error {
	_, err := q.ExecContext(ctx, putAckSQL, a.Edge, a.Version, a.Revision, a.HAProxyVersion, a.AppliedAt, a.SeenAt)
	return err
}

const acksSQL = `select edge, version, revision, haproxy_version, applied_at, seen_at from services.edge_acks order by edge`

func selectAcks(ctx context.Context, q pg.Q) (acks []Ack, err error) {
	return acks, q.SelectContext(ctx, &acks, acksSQL)
}

const edgeStateSQL = `select count(*) filter (where a.revision >= coalesce(c.revision, 0)) as live, count(*) as "of"
from services.edge_acks a
left join services.edge_changes c on c.customer_id = $1
where a.seen_at > $2`

func selectEdgeState(ctx context.Context, q pg.Q, id customer.ID, seenSince time.Time) (s EdgeState, err error) {
	return s, q.GetContext(ctx, &s, edgeStateSQL, id, seenSince)
}
