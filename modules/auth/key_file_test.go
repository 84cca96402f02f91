package auth

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"suiftly/internal/host"
	"suiftly/internal/sui/suitest"
)

// onFile is another replica whose keys are in the file, and its log.
func (r room) onFile(t *testing.T, file string) (room, *bytes.Buffer) {
	t.Helper()
	c, log := DefaultConfig(), &bytes.Buffer{}
	c.SigningKeyFile = file
	m, err := New(host.Kit{DB: r.kit.DB, Log: slog.New(slog.NewTextHandler(log, nil)), Now: r.now}, c, "https://dash.example.com")
	if err != nil {
		t.Fatal(err)
	}
	return room{m, r.clock}, log
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, file string, keys ...string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(strings.Join(keys, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	alice := suitest.NewWallet(1)
	t.Run("a rotation fails no request on any replica, in whatever order they read the file", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "keys")
		write(t, file, oldKey)
		base := setup(t)
		a, _ := base.onFile(t, file)
		b, _ := base.onFile(t, file)
		g := a.signIn(t, alice)
		// everywhere presents the newest tokens to both replicas, renewed by each in turn.
		everywhere := func(when string) {
			t.Helper()
			for i, from := range []room{a, b, a} {
				next, err := from.Refresh(t.Context(), g.Session.Refresh)
				if err != nil {
					t.Fatalf("%s: renewal %d: %v", when, i, err)
				}
				for _, at := range []room{a, b} {
					if _, err := at.Authenticate(t.Context(), next.Session.Access); err != nil {
						t.Fatalf("%s: token %d: %v", when, i, err)
					}
					if again, err := at.Refresh(t.Context(), g.Session.Refresh); err != nil || again.Session.Refresh != next.Session.Refresh {
						t.Fatalf("%s: a parallel tab: %v", when, err)
					}
				}
				g = next
			}
		}
		everywhere("before")
		write(t, file, newKey, oldKey)
		a.keys.look()
		everywhere("one replica knows the new key")
		base.later(30 * time.Second)
		b.keys.look()
		everywhere("both know it")
		base.later(keysSettle)
		everywhere("the new key signs")
		old := g
		base.later(time.Hour - 5*time.Minute)
		write(t, file, newKey)
		b.keys.look()
		if old, err := a.Refresh(t.Context(), old.Session.Refresh); err != nil {
			t.Fatal(err)
		} else {
			g = old
		}
		a.keys.look()
		everywhere("the old key is gone")
		if ring := a.keys.ring.Load(); len(ring.keys) != 1 || string(ring.signer(a.now()).secret) != newKey {
			t.Error("the old key is not gone")
		}
	})
	t.Run("a replica that has not looked yet looks when it meets an unknown key, at most once a second", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "keys")
		write(t, file, oldKey)
		base := setup(t)
		late, _ := base.onFile(t, file)
		write(t, file, newKey) // no settling: the old key is gone
		early, _ := base.onFile(t, file)
		g := early.signIn(t, alice)
		if _, err := late.Authenticate(t.Context(), g.Session.Access); err != nil {
			t.Errorf("got %v", err)
		}
		write(t, file, oldKey)
		if late.keys.lookNow() {
			t.Error("it looked again at once")
		}
	})
	t.Run("a broken or missing file changes nothing and is logged once", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "keys")
		write(t, file, oldKey)
		r, log := setup(t).onFile(t, file)
		g := r.signIn(t, alice)
		write(t, file, "short")
		r.keys.look()
		r.keys.look()
		write(t, file, "")
		r.keys.look()
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		r.keys.look()
		if _, err := r.Authenticate(t.Context(), g.Session.Access); err != nil {
			t.Errorf("got %v", err)
		}
		if n := strings.Count(log.String(), "level=ERROR"); n != 3 || strings.Contains(log.String(), oldKey) {
			t.Errorf("%d lines: %s", n, log)
		}
	})
	t.Run("it is watched while the process runs", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "keys")
		write(t, file, oldKey)
		r, _ := setup(t).onFile(t, file)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx) }()
		write(t, file, newKey)
		deadline := time.After(20 * time.Second)
		for string(r.keys.ring.Load().keys[0].secret) != newKey {
			select {
			case <-deadline:
				t.Fatal("the new key was not read")
			case <-time.After(20 * time.Millisecond):
			}
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Run("a file that is not there stops the start", func(t *testing.T) {
		c := DefaultConfig()
		c.SigningKeyFile = filepath.Join(t.TempDir(), "none")
		if _, err := New(host.Kit{Now: time.Now}, c, "https://x.example"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	})
}
