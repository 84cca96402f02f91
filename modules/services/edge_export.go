package services

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// KeysMap is the file that deploy/haproxy.cfg looks keys up in.
const KeysMap = "keys.map"

// EdgeMaps is what HAProxy must know: the same database gives the same bytes, whoever asks.
type EdgeMaps struct {
	// Version is <revision>-<sha256 hex over the maps>. The revision rises with every change, also with one that leaves the
	// maps as they are: an edge that holds it holds every change before.
	Version string
	Maps    map[string]string // file name -> content, one "key value" a line, sorted
}

// edgePoll is how often the database is asked for changes; with applying, a change is live well within the promised 5 s.
const edgePoll = 500 * time.Millisecond

// exports is this process's newest export. The HAProxy beside it and all waiting agents share its questions.
type exports struct {
	turn     chan struct{} // held by whoever asks the database
	asked    time.Time     // when the revision was last asked for
	revision int64
	maps     EdgeMaps
}

// EdgeMaps exports what HAProxy must know of every key that is not revoked. See edge_lines.go.
func (m *Module) EdgeMaps(ctx context.Context) (EdgeMaps, error) { return m.export(ctx, 0) }

// export gives an export that lacks nothing committed more than maxAge ago.
func (m *Module) export(ctx context.Context, maxAge time.Duration) (EdgeMaps, error) {
	notBefore := time.Now().Add(-maxAge)
	x := &m.exports
	select {
	case x.turn <- struct{}{}:
		defer func() { <-x.turn }()
	case <-ctx.Done():
		return EdgeMaps{}, ctx.Err()
	}
	if !x.asked.Before(notBefore) {
		return x.maps, nil
	}
	asked := time.Now()
	// The revision is read before the keys: what commits between the two is read twice, never missed.
	revision, err := edgeRevision(ctx, m.kit.DB)
	if err != nil {
		return EdgeMaps{}, fmt.Errorf("export the edge's maps: %w", err)
	}
	if revision != x.revision {
		keys, err := selectEdgeKeys(ctx, m.kit.DB, m.catalog.names())
		if err != nil {
			return EdgeMaps{}, fmt.Errorf("export the edge's maps: %w", err)
		}
		x.revision, x.maps = revision, m.catalog.edgeMaps(revision, keys)
	}
	x.asked = asked
	return x.maps, nil
}

// newerExport waits until the export is another than have, or time is up, and gives it. An agent that comes from another
// replica must not be given less than it had from there: its first answer is never from memory.
func (m *Module) newerExport(ctx context.Context, have string, wait time.Duration, stop <-chan struct{}) (EdgeMaps, error) {
	end := time.After(wait)
	tick := time.NewTicker(edgePoll)
	defer tick.Stop()
	for age := time.Duration(0); ; age = edgePoll / 2 {
		e, err := m.export(ctx, age)
		if err != nil || e.Version != have || wait == 0 {
			return e, err
		}
		select {
		case <-tick.C:
		case <-end:
			return e, nil
		case <-stop:
			return e, nil
		case <-ctx.Done():
			return EdgeMaps{}, ctx.Err()
		}
	}
}

func (c Catalog) edgeMaps(revision int64, keys []edgeKey) EdgeMaps {
	var lines []string
	for _, k := range keys {
		lines = append(lines, k.lines(rateOf(c.guaranteed(k.Service, k.Tier), k.Burst))...)
	}
	slices.Sort(lines)
	text := strings.Join(append(lines, ""), "\n")
	sum := sha256.Sum256([]byte(KeysMap + "\n" + text))
	version := strconv.FormatInt(revision, 10) + "-" + hex.EncodeToString(sum[:])
	return EdgeMaps{Version: version, Maps: map[string]string{KeysMap: text}}
}
