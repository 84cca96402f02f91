package services

import (
	"errors"
	"strings"
	"testing"
	"time"

	"suiftly/internal/fault"
)

// at moves the room's clock.
func (m *Module) at(after time.Duration) {
	m.kit.Now = func() time.Time { return time.Now().Add(after) }
}

func TestKeyTerms(t *testing.T) {
	t.Run("a rotated key works on until its overlap ends, and both count as one", func(t *testing.T) {
		m, ctx := setup(t)
		must[Configuration](t)(m.Save(ctx, alice, "grpc", 0, map[string]any{"tier": "pro"}))
		list, _ := networks([]string{"192.0.2.0/24"})
		old, _, err := m.CreateKey(ctx, alice, "grpc", "ci", From(list))
		if err != nil {
			t.Fatal(err)
		}
		fresh, key, err := m.RotateKey(ctx, alice, old.ID, 24*time.Hour)
		if err != nil || fresh.ID == old.ID || fresh.Name != "ci" || len(fresh.Networks) != 1 || fresh.ExpiresAt != nil || hashKey(key) != fresh.SHA256 {
			t.Fatalf("got %+v, %v", fresh, err)
		}
		keys := must[[]APIKey](t)(m.Keys(ctx, alice))
		if len(keys) != 2 || *keys[0].ReplacedBy != fresh.ID || keys[0].ExpiresAt.Sub(keys[0].CreatedAt) < 23*time.Hour {
			t.Fatalf("got %+v", keys)
		}
		if c := must[Configuration](t)(m.Configuration(ctx, m.kit.DB, alice, "grpc")); c.Keys != 1 {
			t.Fatalf("%d keys count", c.Keys)
		}
		if _, _, err := m.CreateKey(ctx, alice, "grpc", "more"); !errors.Is(err, ErrTooManyKeys) {
			t.Fatalf("got %v", err)
		}
		for what, err := range map[string]error{
			"rotating the old one again": third(m.RotateKey(ctx, alice, old.ID, 0)), "another end for the old one": second(m.SetExpiry(ctx, alice, old.ID, nil)),
		} {
			if !errors.Is(err, ErrKeyReplaced) {
				t.Errorf("%s: got %v", what, err)
			}
		}
		if _, _, err := m.RotateKey(ctx, alice, fresh.ID, 0); !errors.Is(err, ErrKeyRotating) {
			t.Fatalf("a chain of keys that all work: %v", err)
		}
		m.at(25 * time.Hour)
		if keys := must[[]APIKey](t)(m.Keys(ctx, alice)); len(keys) != 1 || keys[0].ID != fresh.ID {
			t.Fatalf("got %+v", keys)
		}
		if _, _, err := m.RotateKey(ctx, alice, fresh.ID, 0); err != nil {
			t.Fatal(err)
		}
		if n := count(t, m, "select count(*) from ops.audit where action = 'services.key_rotated'"); n != 2 {
			t.Fatalf("%d audit rows", n)
		}
	})

	t.Run("without its successor an old key counts again: nobody gets more keys than they pay for", func(t *testing.T) {
		m, ctx := setup(t)
		must[Configuration](t)(m.Save(ctx, alice, "grpc", 0, map[string]any{"tier": "pro"}))
		old, _, err := m.CreateKey(ctx, alice, "grpc", "a")
		if err != nil {
			t.Fatal(err)
		}
		fresh, _, err := m.RotateKey(ctx, alice, old.ID, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.RevokeKey(ctx, alice, fresh.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := m.CreateKey(ctx, alice, "grpc", "b"); !errors.Is(err, ErrTooManyKeys) {
			t.Fatalf("got %v", err)
		}
		if err := m.RevokeKey(ctx, alice, old.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := m.CreateKey(ctx, alice, "grpc", "b"); err != nil {
			t.Fatal(err)
		}
	})

	t.Run("of ten rotations at once one wins", func(t *testing.T) {
		m, ctx := setup(t)
		must[Configuration](t)(m.Save(ctx, alice, "seal", 0, pro()))
		old, _, err := m.CreateKey(ctx, alice, "seal", "a")
		if err != nil {
			t.Fatal(err)
		}
		won := 0
		for _, err := range atOnce(t, m, "seal", func(int) error { return third(m.RotateKey(ctx, alice, old.ID, time.Hour)) }) {
			if err == nil {
				won++
			} else if !errors.Is(err, ErrKeyReplaced) {
				t.Error(err)
			}
		}
		if won != 1 || count(t, m, "select count(*) from services.api_keys") != 2 {
			t.Fatalf("%d won", won)
		}
	})

	t.Run("an expired key makes room, cannot come back, and its successor lives as long as it did", func(t *testing.T) {
		m, ctx := setup(t)
		must[Configuration](t)(m.Save(ctx, alice, "grpc", 0, map[string]any{"tier": "pro"}))
		k, _, err := m.CreateKey(ctx, alice, "grpc", "short", Until(time.Now().Add(time.Hour)))
		if err != nil {
			t.Fatal(err)
		}
		m.at(30 * time.Minute)
		fresh, _, err := m.RotateKey(ctx, alice, k.ID, 24*time.Hour)
		if err != nil || fresh.ExpiresAt.Sub(fresh.CreatedAt).Round(time.Minute) != time.Hour {
			t.Fatalf("got %+v, %v", fresh, err)
		}
		if keys := must[[]APIKey](t)(m.Keys(ctx, alice)); keys[0].ExpiresAt.After(time.Now().Add(time.Hour)) {
			t.Fatal("the overlap made the old key live longer")
		}
		m.at(3 * time.Hour)
		if keys := must[[]APIKey](t)(m.Keys(ctx, alice)); len(keys) != 1 || !keys[0].expired(m.kit.Now()) {
			t.Fatalf("got %+v", keys)
		}
		if _, err := m.SetExpiry(ctx, alice, fresh.ID, nil); !errors.Is(err, ErrKeyExpired) {
			t.Fatalf("got %v", err)
		}
		if _, _, err := m.CreateKey(ctx, alice, "grpc", "next"); err != nil {
			t.Fatal(err)
		}
	})

	t.Run("what a key cannot be bound to is refused by field, and others' keys are not there", func(t *testing.T) {
		m, ctx := setup(t)
		must[Configuration](t)(m.Save(ctx, alice, "grpc", 0, map[string]any{"tier": "pro"}))
		past, far := time.Now().Add(-time.Second), time.Now().AddDate(9, 0, 0)
		k, _, err := m.CreateKey(ctx, alice, "grpc", "a")
		if err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{
			"expires_at": second(m.SetExpiry(ctx, alice, k.ID, &past)), "expires_at ": second(m.SetExpiry(ctx, alice, k.ID, &far)),
			"overlap_hours": third(m.RotateKey(ctx, alice, k.ID, maxOverlap+1)), "networks[0]": second(m.SetNetworks(ctx, alice, k.ID, []string{"x"})),
			"expires_at  ": third(m.CreateKey(ctx, alice, "grpc", "b", Until(past))),
		} {
			if f := fault.Of(err); f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Name != strings.TrimSpace(name) {
				t.Errorf("%s: got %v %v", name, err, f.Fields)
			}
		}
		soon := time.Now().Add(time.Hour)
		for what, err := range map[string]error{
			"expiry": second(m.SetExpiry(as(t, bob), bob, k.ID, &soon)), "networks": second(m.SetNetworks(as(t, bob), bob, k.ID, nil)), "rotation": third(m.RotateKey(as(t, bob), bob, k.ID, 0)),
		} {
			if !errors.Is(err, ErrNoKey) {
				t.Errorf("%s: got %v", what, err)
			}
		}
		k = must[APIKey](t)(m.SetNetworks(ctx, alice, k.ID, []string{"2001:db8::1", "10.9.8.7/8"}))
		if got := texts(k.Networks); len(got) != 2 || got[0] != "10.0.0.0/8" || got[1] != "2001:db8::1/128" {
			t.Fatalf("got %v", got)
		}
	})
}

func third[A, B any](_ A, _ B, err error) error { return err }
