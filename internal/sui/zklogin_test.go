package sui_test

import (
	"context"
	"errors"
	"testing"

	"suiftly/internal/fault"
	"suiftly/internal/sui"
)

func TestZkLogin(t *testing.T) {
	good := vectorNamed(t, "zklogin-ok")
	check := func(v vector, c sui.Chain) error { t.Helper(); return v.check(c) }

	t.Run("without a chain it is unavailable, not refused and not accepted", func(t *testing.T) {
		err := check(good, nil)
		if f := fault.Of(err); f.Kind != fault.Unavailable || f.Code != "auth.zklogin_unavailable" {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("a chain that cannot answer makes it unavailable", func(t *testing.T) {
		down := errors.New("connection refused")
		c := newChain(t, 5)
		c.epochErr = down
		if err := check(good, c); !errors.Is(err, sui.ErrZkLoginUnavailable) || !errors.Is(err, down) {
			t.Fatalf("no epoch: %v", err)
		}
		c = newChain(t, 5)
		c.askErr = down
		if err := check(good, c); !errors.Is(err, sui.ErrZkLoginUnavailable) || !errors.Is(err, down) {
			t.Fatalf("no proof: %v", err)
		}
	})
	t.Run("the last epoch of a session is still good, the next one is not", func(t *testing.T) {
		if err := check(good, newChain(t, 10)); err != nil {
			t.Fatal(err)
		}
		if err := check(good, newChain(t, 11)); !errors.Is(err, sui.ErrZkLoginExpired) {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("what can be refused here is refused without asking the chain, also when it is down", func(t *testing.T) {
		for _, id := range []string{"zklogin-bad-wrong-address", "zklogin-bad-truncated", "zklogin-bad-trailing", "zklogin-bad-tx-intent"} {
			c := newChain(t, 5)
			c.epochErr, c.askErr = errors.New("down"), errors.New("down")
			err := check(vectorNamed(t, id), c)
			if fault.Of(err).Kind != fault.Unauthenticated || len(c.asked) > 0 {
				t.Errorf("%s: %v, asked %v", id, err, c.asked)
			}
		}
	})
	t.Run("the chain is asked about the claimed address", func(t *testing.T) {
		c := newChain(t, 5)
		if err := check(good, c); err != nil || len(c.asked) != 1 || c.asked[0] != good.claimed(t) {
			t.Fatalf("%v, asked %v", err, c.asked)
		}
	})
}

// agreeable is a chain with one answer to every question.
type agreeable struct {
	epoch   uint64
	yes     bool
	asked   int
	address sui.Address
}

func (c *agreeable) Epoch(context.Context) (uint64, error) { return c.epoch, nil }

func (c *agreeable) Proven(_ context.Context, a sui.Address, _, _ []byte) (bool, error) {
	c.asked, c.address = c.asked+1, a
	return c.yes, nil
}
