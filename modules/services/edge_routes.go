package services

import (
	"context"
	"net/http"
	"strings"
	"time"

	"suiftly/internal/web"
)

// edgeWait is the longest that an agent may wait for news: shorter than what proxies between take for a dead connection.
const edgeWait = 25 * time.Second

type (
	edgeIn struct {
		Have string `header:"If-None-Match" doc:"The ETag of what the agent holds."`
		Wait string `query:"wait" default:"0s" pattern:"^[0-9]{1,4}s$" doc:"How long to wait for something else, at most 25s; then the answer is 304."`
	}
	edgeOut struct {
		Status int
		ETag   string    `header:"ETag"`
		Body   *edgeBody `json:"body,omitempty"`
	}
	edgeBody struct {
		Version string            `json:"version" doc:"<revision>-<SHA-256 of the files>. The revision rises with every change."`
		Files   map[string]string `json:"files" doc:"File name to content: lines of key, space, value."`
	}
	edgeAckIn struct {
		Body struct {
			Version        string    `json:"version" maxLength:"100" doc:"As it came with the files."`
			HAProxyVersion string    `json:"haproxy_version" maxLength:"60"`
			AppliedAt      time.Time `json:"applied_at"`
		}
	}
	edgesOut struct {
		Body struct {
			Revision int64 `json:"revision" doc:"The last change there was."`
			Edges    []Ack `json:"edges"`
		}
	}
)

func (m *Module) edge(ctx context.Context, in *edgeIn) (*edgeOut, error) {
	wait, err := time.ParseDuration(in.Wait)
	if err != nil {
		return nil, err
	}
	have := strings.Trim(strings.TrimPrefix(in.Have, "W/"), `"`)
	e, err := m.newerExport(ctx, have, min(wait, edgeWait), web.Draining(ctx))
	if err != nil {
		return nil, err
	}
	out := &edgeOut{Status: http.StatusNotModified, ETag: `"` + e.Version + `"`}
	if e.Version != have {
		out.Status, out.Body = http.StatusOK, &edgeBody{Version: e.Version, Files: e.Maps}
	}
	return out, nil
}

func (m *Module) edgeAck(ctx context.Context, in *edgeAckIn) (*struct{}, error) {
	return nil, m.acknowledge(ctx, web.EdgeFrom(ctx), in.Body.Version, in.Body.HAProxyVersion, in.Body.AppliedAt)
}

func (m *Module) edges(ctx context.Context, _ *struct{}) (*edgesOut, error) {
	out := &edgesOut{}
	var err error
	out.Body.Revision, out.Body.Edges, err = m.Edges(ctx)
	return out, err
}
