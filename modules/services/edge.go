package services

import (
	"context"
	"strings"
	"time"
)

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
	m         *Module
	maps      EdgeMaps
	live      string // version
	appliedAt time.Time
	acked     string // version
	ackedAt   time.Time
	failing   string
}

func (f *follower) step(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	maps, readErr := f.m.export(ctx, edgePoll/2)
	if readErr == nil {
		f.maps = maps
	}
	if f.maps.Version == "" {
		return readErr
	}
	if err := f.m.haproxy.Sync(ctx, f.maps.Maps); err != nil {
		return err
	}
	if f.live != f.maps.Version {
		f.live, f.appliedAt = f.maps.Version, f.m.kit.Now()
		f.m.log.Info("the edge is in step", "version", f.live, "keys", strings.Count(f.maps.Maps[KeysMap], "\n"))
	}
	f.m.applied(f.live)
	if readErr != nil {
		return readErr
	}
	return f.acknowledge(ctx)
}

// acknowledge tells the database what HAProxy holds, as an agent on another host would.
func (f *follower) acknowledge(ctx context.Context) error {
	if f.acked == f.live && time.Since(f.ackedAt) < ackRepeats {
		return nil
	}
	h := f.m.haproxy
	if err := f.m.acknowledge(ctx, h.Name(), f.live, h.Version(), f.appliedAt); err != nil {
		return err
	}
	f.acked, f.ackedAt = f.live, time.Now()
	return nil
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
