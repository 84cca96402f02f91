package billing

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/modules/logs"
	"suiftly/modules/wallet"
)

// Check looks for what must not be, along the whole way of the money:
//
//	metered totals = charged totals (where nothing waits to be billed) = sums of charges = ledger transactions, cause by cause
//	posted accruals = sums of plan fees = ledger transactions, cause by cause
//
// and for a ledger that does not add up. It gives one sentence for each finding, none when all is well. It reads all charges.
func (m *Module) Check(ctx context.Context) ([]string, error) {
	wrong, err := m.wallet.Check(ctx)
	if err != nil {
		return nil, err
	}
	err = snapshot(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		rows, err := brokenMetrics(ctx, tx)
		if err != nil {
			return err
		}
		wrong = append(wrong, rows...)
		fees, err := brokenAccruals(ctx, tx)
		if err != nil {
			return err
		}
		wrong = append(wrong, fees...)
		charges, err := sumCharges(ctx, tx)
		if err != nil {
			return err
		}
		posted, err := m.wallet.Charged(ctx, tx, causePrefix, feePrefix)
		if err != nil {
			return err
		}
		wrong = append(wrong, differing("charges", "ledger", charges, posted, serviceOfCharged)...)
		metered, unbilled, err := m.logs.Billed(ctx, tx)
		if err != nil {
			return err
		}
		charged, err := sumMetrics(ctx, tx, unbilled)
		if err != nil {
			return err
		}
		wrong = append(wrong, differing("metered", "charged", metered, charged, serviceOfSum)...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("check billing: %w", err)
	}
	return wrong, nil
}

// customerService names a customer's service.
type customerService struct {
	id      customer.ID
	service string
}

func serviceOfCharged(c wallet.Charged) customerService {
	return customerService{c.Customer, c.Service}
}
func serviceOfSum(s logs.BilledSum) customerService { return customerService{s.Customer, s.Service} }

// differing compares two sets of sums, service by service.
func differing[T comparable](nameA, nameB string, a, b []T, key func(T) customerService) (wrong []string) {
	other := make(map[customerService]T, len(b))
	for _, v := range b {
		other[key(v)] = v
	}
	say := func(k customerService, a, b any) {
		wrong = append(wrong, fmt.Sprintf("customer %d %s: %s %+v, %s %+v", k.id, k.service, nameA, a, nameB, b))
	}
	for _, v := range a {
		k := key(v)
		if w, ok := other[k]; !ok {
			say(k, v, "nothing")
		} else if v != w {
			say(k, v, w)
		}
		delete(other, k)
	}
	for _, w := range b {
		if _, left := other[key(w)]; left {
			say(key(w), "nothing", w)
		}
	}
	return wrong
}
