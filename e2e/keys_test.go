package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"suiftly/internal/demo"
	"suiftly/internal/pgtest"
)

// live is how soon HAProxy must know of a change.
const live = 5 * time.Second

func TestKeysFollowTheCustomerWithinSeconds(t *testing.T) {
	t.Parallel()
	st := build(t, 1, pgtest.URL(t), byPath)
	buyer, first := st.buyer(14, "seal")
	answers := func(k demo.Key, want int) {
		t.Helper()
		eventually(t, live, func() error {
			got, err := ask(t.Context(), quick, st.api+"/200/key", k.Key)
			if err == nil && got != want {
				err = fmt.Errorf("key %s: %d, not %d", k.ID, got, want)
			}
			return err
		})
	}
	change := func(method, path string) {
		t.Helper()
		if err := buyer.Call(within(t, patience), method, path, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	answers(first, 200)
	answers(demo.Key{ID: "none"}, 401)
	answers(demo.Key{ID: "invented", Key: "sfk_00000000000_0000000000000000000000000000000000000000000"}, 401)

	second := st.key(buyer, "seal")
	answers(second, 200)
	change(http.MethodDelete, "/api/v1/services/api-keys/"+first.ID)
	answers(first, 401)
	answers(second, 200)

	change(http.MethodPost, "/api/v1/services/seal/disable")
	answers(second, 403)
	change(http.MethodPost, "/api/v1/services/seal/enable")
	answers(second, 200)
}
