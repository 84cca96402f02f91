package auth

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// keysEvery is how often signing_key_file is looked at again.
	keysEvery = 2 * time.Second
	// keysSettle is how long a new first key waits before it signs, so that every replica has read it by then. After a start
	// it waits too, when there is another key: a rolling restart may be under way.
	keysSettle = time.Minute
)

// keychain keeps the keyring current with signing_key_file while the process runs.
type keychain struct {
	file string // empty: the keys are configured and stay
	log  *slog.Logger
	now  func() time.Time
	ring atomic.Pointer[keyring]

	mu     sync.Mutex
	looked time.Time
	told   string // the last problem, so that it is logged once
}

func newKeychain(c Config, log *slog.Logger, now func() time.Time) (*keychain, error) {
	k := &keychain{log: log, now: now}
	secrets := c.SigningKeys
	if len(secrets) == 0 && c.SigningKeyFile != "" {
		k.file = c.SigningKeyFile
		var err error
		if secrets, err = readKeys(k.file); err != nil {
			return nil, err
		}
	}
	ring, err := newKeyring(secrets)
	if err != nil {
		return nil, err
	}
	if len(ring.keys) > 1 {
		ring.before, ring.signsFrom = &ring.keys[1], now().Add(keysSettle)
	}
	k.ring.Store(ring)
	return k, nil
}

func readKeys(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("auth.signing_key_file: %w", err)
	}
	return strings.Fields(string(text)), nil
}

// look reads the file again. Whatever is wrong with it, the keys that worked go on working.
func (k *keychain) look() {
	if k.file == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.looked = k.now()
	secrets, err := readKeys(k.file)
	var next *keyring
	if err == nil {
		next, err = newKeyring(secrets)
	}
	if err != nil {
		if err.Error() != k.told {
			k.log.Error("the signing keys cannot be read again; the old ones stay in use", "error", err)
			k.told = err.Error()
		}
		return
	}
	k.told = ""
	old := k.ring.Load()
	if slices.EqualFunc(old.keys, next.keys, func(a, b signingKey) bool { return a.id == b.id }) {
		return
	}
	signer := old.signer(k.looked)
	if next.keys[0].id != signer.id {
		if i := slices.IndexFunc(next.keys, func(key signingKey) bool { return key.id == signer.id }); i > 0 {
			next.before, next.signsFrom = &next.keys[i], k.looked.Add(keysSettle)
		}
	}
	k.ring.Store(next)
	k.log.Info("the signing keys have changed", "keys", len(next.keys), "first", next.keys[0].id)
}

// lookNow reads the file for a token that an unknown key signed: another replica may have read a new key before this one.
// Strangers can cause it, so at most once a second.
func (k *keychain) lookNow() bool {
	k.mu.Lock()
	recent := k.file == "" || k.now().Sub(k.looked) < time.Second
	k.mu.Unlock()
	if !recent {
		k.look()
	}
	return !recent
}

// Run keeps the signing keys current until ctx ends.
func (m *Module) Run(ctx context.Context) error {
	tick := time.NewTicker(keysEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			m.keys.look()
		}
	}
}
