package billing

import (
	"errors"
	"testing"

	"github.com/lib/pq"

	"suiftly/internal/pgtest"
)

func TestSchemaKeepsTheCharges(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.meter(alice, "seal", ten, 10, 10, 0)
	r.run(noon)
	for name, c := range map[string]struct{ sql, rule string }{
		"changing a charge":    {`update billing.charges set amount_micros = 0`, "charges_append_only"},
		"removing a charge":    {`delete from billing.charges`, "charges_append_only"},
		"emptying the charges": {`truncate billing.charges`, "charges_append_only"},
		"the same revision twice": {`insert into billing.charges (customer_id, service, hour, revision, requests, billable, bytes, requests_micros, bandwidth_micros, amount_micros, price_book, cause, run_id, at)
			select customer_id, service, hour, revision, requests, billable, bytes, requests_micros, bandwidth_micros, amount_micros, price_book, 'another', run_id, at from billing.charges`, "charges_once"},
		"a record that is no whole hour": {`update billing.usage_metrics set period = period + interval '1 minute'`, "usage_metrics_period_is_an_hour"},
		"a remainder of a whole micro":   {`insert into billing.carries (customer_id, service, month, item, per, carry) values (1001, 'seal', '2026-11-01', 'bandwidth', 5, 5)`, "carries_below_one_micro"},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			_, err := r.db.Exec(c.sql)
			var p *pq.Error
			if !errors.As(err, &p) || p.Constraint != c.rule {
				t.Fatalf("got %v, want %s", err, c.rule)
			}
		})
	}
}

func TestCheckFindsWhatTheDatabaseCouldNotPrevent(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"a changed record":     `update billing.usage_metrics set amount_charged = amount_charged + 1`,
		"a lost record":        `delete from billing.usage_metrics`,
		"a changed charge":     `set session_replication_role = replica; update billing.charges set amount_micros = 1, requests_micros = 1; update billing.usage_metrics set amount_charged = 1; set session_replication_role = origin`,
		"a forged cause":       `set session_replication_role = replica; update billing.charges set cause = 'charge:forged'; set session_replication_role = origin`,
		"an hour nobody paid":  `insert into logs.usage_hours (customer_id, service, hour, requests, billable, bytes, revision, billed_revision) values (1002, 'seal', '2026-11-24 10:00Z', 5, 5, 5, 1, 1)`,
		"a total that changed": `update logs.usage_hours set bytes = bytes + 1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			r.meter(alice, "seal", ten, 10, 10, 0)
			r.run(noon)
			r.sound()
			r.exec(sql)
			if wrong, err := r.Check(ctx); err != nil || len(wrong) == 0 {
				t.Fatalf("%v, found %q", err, wrong)
			}
		})
	}
}

func TestStatements(t *testing.T) {
	pgtest.Prepare(t, pgtest.DB(t), map[string]string{
		"ping": pingSQL, "abandon runs": abandonRunsSQL, "insert run": insertRunSQL, "update run": updateRunSQL, "list runs": listRunsSQL,
		"through": throughSQL, "metrics": selectMetricsSQL, "lock carries": lockCarriesSQL, "upsert carries": upsertCarriesSQL,
		"record charges": recordChargesSQL, "histories": selectHistoriesSQL, "parked": selectParkedSQL, "one parked": oneParkedSQL,
		"upsert parked": upsertParkedSQL, "approve": approveParkedSQL, "delete parked": deleteParkedSQL,
		"usage hours": selectUsageHoursSQL, "usage days": selectUsageDaysSQL,
		"check metrics": checkMetricsSQL, "sum charges": sumChargesSQL, "sum metrics": sumMetricsSQL, "own charges": ownChargesSQL,
		"own fees": ownFeesSQL, "units": selectUnitsSQL, "last billed": lastBilledSQL, "lock accounts": lockAccountsSQL, "open accounts": openAccountsSQL,
		"accruals": selectAccrualsSQL, "record fees": recordFeesSQL, "check accruals": checkAccrualsSQL,
	})
}
