package services

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// KeysMap is the file that deploy/haproxy.cfg looks keys up in.
const KeysMap = "keys.map"

// EdgeMaps is what HAProxy must know: the same database gives the same bytes, whoever asks.
type EdgeMaps struct {
	Version string            // sha256 hex over the maps
	Maps    map[string]string // file name -> content, one "key value" a line, sorted
}

// edgePoll is how often the database is asked for changes; with applying, a change is live well within the promised 5 s.
const edgePoll = 500 * time.Millisecond

// EdgeMaps exports every key that may pass: of enabled, not suspended services, not revoked. A line of keys.map is
//
//	<sha256 hex of the key> <customer>:<service>:<key id>
func (m *Module) EdgeMaps(ctx context.Context) (EdgeMaps, error) {
	keys, err := selectEdgeKeys(ctx, m.kit.DB, m.catalog.names())
	if err != nil {
		return EdgeMaps{}, fmt.Errorf("export the edge's maps: %w", err)
	}
	return edgeMaps(keys), nil
}

func edgeMaps(keys []edgeKey) EdgeMaps {
	var b strings.Builder
	for _, k := range keys {
		b.WriteString(k.SHA256 + " " + strconv.FormatInt(int64(k.Customer), 10) + ":" + k.Service + ":" + k.ID + "\n")
	}
	sum := sha256.Sum256([]byte(KeysMap + "\n" + b.String()))
	return EdgeMaps{Version: hex.EncodeToString(sum[:]), Maps: map[string]string{KeysMap: b.String()}}
}

// Run keeps the HAProxy of this host in step with the database, when one is configured. While the database is away HAProxy
// keeps what it has, also over its own restarts.
func (m *Module) Run(ctx context.Context) error {
	if m.haproxy == nil {
		<-ctx.Done()
		return nil
	}
	f := follower{m: m}
	tick := time.NewTicker(edgePoll)
	defer tick.Stop()
	for {
		f.note(f.step(ctx))
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// follower is the edge of this process: what it last read and whether it last failed.
type follower struct {
	m        *Module
	revision int64
	maps     EdgeMaps
	live     string // version
	failing  string
}

func (f *follower) step(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	// The revision is read before the keys: what commits between the two is read twice, never missed.
	revision, readErr := edgeRevision(ctx, f.m.kit.DB)
	if readErr == nil && revision != f.revision {
		var maps EdgeMaps
		if maps, readErr = f.m.EdgeMaps(ctx); readErr == nil {
			f.revision, f.maps = revision, maps
		}
	}
	if f.maps.Version == "" {
		return readErr
	}
	if err := f.m.haproxy.Sync(ctx, f.maps.Maps); err != nil {
		return err
	}
	if f.live != f.maps.Version {
		f.live = f.maps.Version
		f.m.log.Info("the edge is in step", "version", f.live[:12], "keys", strings.Count(f.maps.Maps[KeysMap], "\n"))
	}
	f.m.applied(f.live)
	return readErr
}

// note logs the start and the end of trouble, not every step of it.
func (f *follower) note(err error) {
	switch {
	case err != nil && f.failing != err.Error():
		f.failing = err.Error()
		f.m.log.Warn("the edge is out of step", "error", err)
	case err == nil && f.failing != "":
		f.failing = ""
		f.m.log.Info("the edge is in step again")
	}
}
