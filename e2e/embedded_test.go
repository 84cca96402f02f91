package e2e

import (
	"net/http"
	"os"
	"syscall"
	"testing"

	"suiftly/internal/demo"
	"suiftly/internal/sui/suitest"
)

func TestServeInAnEmptyFolder(t *testing.T) {
	t.Parallel()
	accounts := map[string]*syscall.Credential{"as who runs the test": nil}
	if os.Geteuid() == 0 {
		const nobody = 65534
		accounts = map[string]*syscall.Credential{"as root": nil, "as an ordinary user": {Uid: nobody, Gid: nobody}}
	}
	for name, account := range accounts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := short(t) // every parent of it is open to others
			if account != nil {
				if err := os.Chown(dir, int(account.Uid), int(account.Gid)); err != nil {
					t.Fatal(err)
				}
			}
			web, logs := address(t), address(t)
			start := func() *replica {
				t.Helper()
				cmd := command(dir, []string{"SUIFTLY_WEB__LISTEN=" + web, "SUIFTLY_LOGS__LISTEN=" + logs, "SUIFTLY_WEB__DRAIN_WAIT=0s"}, "serve")
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: account}
				r := &replica{process: start(t, cmd), web: web, logs: logs}
				r.ready(patience)
				return r
			}
			r := start()
			ctx := within(t, 2*patience)
			c := must(demo.SignIn(ctx, r.url(), suitest.NewWallet(15)))(t)
			if err := c.Buy(ctx, "grpc", map[string]any{"tier": "starter"}); err != nil {
				t.Fatal(err)
			}
			same := func() {
				t.Helper()
				var config struct {
					Version int    `json:"version"`
					State   string `json:"state"`
				}
				// The cookie of before the restart: the signing key survives too.
				if err := c.Call(ctx, http.MethodGet, "/api/v1/services/grpc/config", nil, &config); err != nil {
					t.Fatal(err)
				}
				if config.Version != 1 || config.State != "enabled" {
					t.Errorf("after the restart the configuration is %+v", config)
				}
			}

			r.Signal(syscall.SIGTERM)
			if code := r.ends(patience); code != 0 {
				t.Errorf("SIGTERM: exit code %d", code)
			}
			r = start()
			same()
			r.Signal(syscall.SIGKILL)
			<-r.Gone()
			r = start()
			same()
			if other := must(demo.SignIn(ctx, r.url(), suitest.NewWallet(15)))(t); other.ID != c.ID {
				t.Errorf("customer %d became %d", c.ID, other.ID)
			}
		})
	}
}
