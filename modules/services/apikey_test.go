package services

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"strings"
	"testing"

	"suiftly/internal/fault"
)

func TestKeys(t *testing.T) {
	t.Run("a key has the documented form and only its hash is kept", func(t *testing.T) {
		m, ctx := setup(t)
		must[Configuration](t)(m.Save(ctx, alice, "seal", 0, pro()))
		k, key, err := m.CreateKey(ctx, alice, "seal", "  laptop ")
		if err != nil || !regexp.MustCompile(`^sfk_[0-9A-Za-z]{11}_[0-9A-Za-z]{43}$`).MatchString(key) || !strings.Contains(key, "_"+k.ID+"_") || k.Name != "laptop" {
			t.Fatalf("got %q %+v, %v", key, k, err)
		}
		sum := sha256.Sum256([]byte(key))
		if n := count(t, m, "select count(*) from services.api_keys where key_sha256 = $1", hex.EncodeToString(sum[:])); n != 1 {
			t.Fatal("the hash of the whole key is not in the table")
		}
		secret := key[strings.LastIndex(key, "_")+1:]
		if n := count(t, m, "select count(*) from services.api_keys k, ops.audit a where k::text || a::text like '%' || $1 || '%'", secret); n != 0 {
			t.Fatal("the secret is in the database")
		}
	})

	t.Run("no more keys than the configuration pays for, also from ten tabs at once", func(t *testing.T) {
		m, ctx := setup(t)
		if _, _, err := m.CreateKey(ctx, alice, "seal", "x"); !errors.Is(err, ErrNotConfigured) {
			t.Fatalf("got %v", err)
		}
		must[Configuration](t)(m.Save(ctx, alice, "seal", 0, pro()))
		made := 0
		for _, err := range atOnce(t, m, "seal", func(int) error {
			_, _, err := m.CreateKey(ctx, alice, "seal", "tab")
			return err
		}) {
			switch {
			case err == nil:
				made++
			case !errors.Is(err, ErrTooManyKeys):
				t.Error(err)
			case fault.Of(err).Sentence != "Your Seal configuration allows 2 API keys, and 2 exist. Revoke one, or raise API keys in the configuration.":
				t.Error(fault.Of(err).Sentence)
			}
		}
		if made != 2 {
			t.Fatalf("%d keys", made)
		}
		less := pro()
		less["api_keys"] = 1.0
		if f := fault.Of(second(m.Save(ctx, alice, "seal", 1, less))); f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Name != "api_keys" {
			t.Fatalf("fewer keys than exist were accepted: %v", f)
		}
		keys := must[[]APIKey](t)(m.Keys(ctx, alice))
		if err := m.RevokeKey(ctx, alice, keys[0].ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := m.CreateKey(ctx, alice, "seal", "again"); err != nil {
			t.Fatalf("a revoked key still counts: %v", err)
		}
	})

	t.Run("a key can be renamed and revoked by its owner only, and every change is in the audit", func(t *testing.T) {
		m, ctx := setup(t)
		must[Configuration](t)(m.Save(ctx, alice, "seal", 0, pro()))
		k, _, err := m.CreateKey(ctx, alice, "seal", "a")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.RenameKey(as(t, bob), bob, k.ID, "mine"); !errors.Is(err, ErrNoKey) {
			t.Fatalf("got %v", err)
		}
		if err := m.RevokeKey(as(t, bob), bob, k.ID); !errors.Is(err, ErrNoKey) {
			t.Fatalf("got %v", err)
		}
		if k, err = m.RenameKey(ctx, alice, k.ID, "b"); err != nil || k.Name != "b" {
			t.Fatalf("got %+v, %v", k, err)
		}
		if err := m.RevokeKey(ctx, alice, k.ID); err != nil {
			t.Fatal(err)
		}
		if err := m.RevokeKey(ctx, alice, k.ID); !errors.Is(err, ErrNoKey) {
			t.Fatalf("got %v", err)
		}
		if keys := must[[]APIKey](t)(m.Keys(ctx, alice)); len(keys) != 0 {
			t.Fatalf("got %+v", keys)
		}
		for _, action := range []string{"key_created", "key_renamed", "key_revoked"} {
			if n := count(t, m, "select count(*) from ops.audit where action = $1", "services."+action); n != 1 {
				t.Errorf("%d audit rows of %s", n, action)
			}
		}
	})

	for _, name := range []string{"", "   ", strings.Repeat("x", 61), "two\nlines", "nul\x00"} {
		t.Run("a key is not called "+strings.ToValidUTF8(name, ""), func(t *testing.T) {
			if _, err := keyName(name); !errors.Is(err, ErrBadKeyName) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }
