package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/money"
	"suiftly/internal/pg"
	"suiftly/internal/pgtest"
)

func TestAThousandRequestsAreChargedOnce(t *testing.T) {
	t.Parallel()
	database := pgtest.URL(t)
	st := build(t, 3, database, byPath, "SUIFTLY_BILLING__EVERY=1m", "SUIFTLY_WALLET__WELCOME_CREDIT_USD=25")
	buyer, key := st.buyer(11, "seal")
	db := must(pg.Open(t.Context(), database, 2))(t)
	defer db.Close()

	// As long as we hold this, no run gets further than the ledger.
	hold := must(db.Beginx())(t)
	defer hold.Rollback()
	if _, err := hold.Exec(`lock table wallet.transactions in share row exclusive mode`); err != nil {
		t.Fatal(err)
	}

	var paths []string
	for code, n := range map[int]int{200: 800, 404: 150, 503: 50} {
		for i := range n {
			paths = append(paths, fmt.Sprintf("/%d/%d?secret=1", code, i))
		}
	}
	rand.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	if got := st.send(key, paths); got[200] != 800 || got[404] != 150 || got[503] != 50 {
		t.Fatalf("the API answered %v", got)
	}
	eventually(t, patience, func() error { return rows(hold, 1000) })

	// All three replicas try at the full minute; the one that got to it stands in the middle of its transaction.
	victim := -1
	eventually(t, 90*time.Second, func() error {
		var name string
		if err := hold.Get(&name, `select coalesce(max(replica), '') from ops.job_runs where job = 'billing.run' and state = 'running'`); err != nil {
			return err
		}
		victim = st.running(name)
		if victim < 0 {
			return fmt.Errorf("no replica runs billing (%q)", name)
		}
		return blocked(hold, `locktype = 'relation' and relation = 'wallet.transactions'::regclass`, 1)
	})
	byHand := st.bill(t, 3)
	eventually(t, patience, func() error { return blocked(hold, `true`, 4) })
	st.kill(victim)
	if err := hold.Rollback(); err != nil {
		t.Fatal(err)
	}
	byHand()
	for range 2 {
		st.bill(t, 3)()
	}

	n := must(buyer.Numbers(within(t, patience), time.Now().Add(-2*time.Hour)))(t)
	plan := func() (fees money.Micros) {
		if err := db.Get(&fees, `select coalesce(sum(amount_micros), 0) from billing.fees`); err != nil {
			t.Error(err)
		}
		return fees
	}
	if n.Stored != 1000 || n.Billable != 800 || n.Charged != 80_000+plan() {
		t.Errorf("the customer sees %d requests, %d billable, $%s", n.Stored, n.Billable, n.Charged)
	}
	var balance struct {
		Available money.Micros `json:"available_usd"`
	}
	if err := buyer.Call(t.Context(), http.MethodGet, "/api/v1/wallet/balance", nil, &balance); err != nil {
		t.Error(err)
	}
	if balance.Available != 25*money.Dollar-80_000-plan() {
		t.Errorf("$%s of $25 are left", balance.Available)
	}
	for name, query := range map[string]string{
		"1000 rows": `select count(*) = 1000 and count(distinct rid) = 1000 and sum((customer_id <> 0)::int) = 1000 from logs.haproxy_logs`,
		// Two when the requests spread over the end of an hour.
		"one charge":             `select count(*) between 1 and 2 and sum(amount_micros) = 80000 from billing.charges`,
		"no query string stored": `select count(*) = 0 from logs.haproxy_logs where path like '%secret%'`,
		"nobody parked":          `select count(*) = 0 from billing.parked`,
	} {
		var holds bool
		if err := db.Get(&holds, query); err != nil || !holds {
			t.Errorf("%s: not so (%v)", name, err)
		}
	}
	st.again(victim) // what died comes back, and nothing more is charged
	st.bill(t, 3)()
	if again := must(buyer.Numbers(within(t, patience), time.Now().Add(-2*time.Hour)))(t); again.Charged != 80_000+plan() {
		t.Errorf("then $%s are charged", again.Charged)
	}
	for _, verb := range [][]string{{"billing", "check"}, {"doctor"}} {
		if code, out, problems := run(t, st.settings, verb...); code != 0 {
			t.Errorf("suiftly %v: exit code %d\n%s%s", verb, code, out, problems)
		}
	}
}

// bill starts n billing runs by hand at once; the returned func waits until all have ended well.
func (st *stand) bill(t *testing.T, n int) func() {
	var runs sync.WaitGroup
	for range n {
		runs.Go(func() {
			if code, out, problems := run(t, st.settings, "billing", "run", "--once"); code != 0 {
				t.Errorf("billing run: exit code %d\n%s%s", code, out, problems)
			}
		})
	}
	return runs.Wait
}

// running finds the replica that calls itself host:pid.
func (st *stand) running(name string) int {
	host, _ := os.Hostname()
	text, ours := strings.CutPrefix(name, host+":")
	pid, err := strconv.Atoi(text)
	for i, r := range st.replicas {
		if ours && err == nil && r.PID() == pid {
			return i
		}
	}
	return -1
}

func rows(q sqlx.Queryer, want int) error {
	var n int
	if err := sqlx.Get(q, &n, `select count(*) from logs.haproxy_logs`); err != nil {
		return err
	}
	if n != want {
		return fmt.Errorf("%d rows of %d are stored", n, want)
	}
	return nil
}

// blocked is an error unless that many sessions wait for such a lock.
func blocked(q sqlx.Queryer, such string, want int) error {
	var n int
	err := sqlx.Get(q, &n, `select count(distinct pid) from pg_locks where not granted and `+such)
	if err == nil && n < want {
		err = fmt.Errorf("%d sessions wait, not %d", n, want)
	}
	return err
}
