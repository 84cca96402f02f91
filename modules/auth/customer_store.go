package auth

import (
	"context"
	"database/sql"
	"time"

	"github.com/lib/pq"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

const customerColumns = `customer_id, address, status, coalesce(suspended_reason, '') as suspended_reason, created_at,
       name, email, email_verified_at, preferences, version`

const addCustomerSQL = `insert into auth.customers (address, created_at)
values ($1, $2)
on conflict (address) do nothing
returning ` + customerColumns

func addCustomer(ctx context.Context, q pg.Q, address string, now time.Time) (c Customer, err error) {
	err = q.GetContext(ctx, &c, addCustomerSQL, address, now)
	return c, err
}

const customerByAddressSQL = `select ` + customerColumns + ` from auth.customers where address = $1`

func customerByAddress(ctx context.Context, q pg.Q, address string) (c Customer, err error) {
	err = q.GetContext(ctx, &c, customerByAddressSQL, address)
	return c, err
}

const customerByIDSQL = `select ` + customerColumns + ` from auth.customers where customer_id = $1`

func customerByID(ctx context.Context, q pg.Q, id customer.ID) (c Customer, err error) {
	err = q.GetContext(ctx, &c, customerByIDSQL, id)
	return c, err
}

const customersAmongSQL = `select customer_id from auth.customers where customer_id = any($1)`

func customersAmong(ctx context.Context, q pg.Q, ids []customer.ID) (found []customer.ID, err error) {
	err = q.SelectContext(ctx, &found, customersAmongSQL, pq.Array(ids))
	return found, err
}

const lockCustomerSQL = customerByIDSQL + ` for update`

func lockCustomer(ctx context.Context, tx pg.Q, id customer.ID) (c Customer, err error) {
	err = tx.GetContext(ctx, &c, lockCustomerSQL, id)
	return c, err
}

const saveProfileSQL = `update auth.customers
set name = $2,
    email = $3,
    email_verified_at = $4,
    preferences = $5,
    version = $6
where customer_id = $1`

func saveProfile(ctx context.Context, tx pg.Q, id customer.ID, p Profile) error {
	_, err := tx.ExecContext(ctx, saveProfileSQL, id, p.Name, p.Email, p.EmailVerifiedAt, p.Preferences, p.Version)
	return err
}

const suspendCustomerSQL = `update auth.customers
set status = 'suspended', suspended_reason = $2
where customer_id = $1
  and status = 'active'`

func suspendCustomer(ctx context.Context, tx pg.Q, id customer.ID, reason string) (changed bool, err error) {
	return didChange(tx.ExecContext(ctx, suspendCustomerSQL, id, reason))
}

const resumeCustomerSQL = `update auth.customers
set status = 'active', suspended_reason = null
where customer_id = $1
  and status = 'suspended'
  and suspended_reason = $2`

func resumeCustomer(ctx context.Context, tx pg.Q, id customer.ID, reason string) (changed bool, err error) {
	return didChange(tx.ExecContext(ctx, resumeCustomerSQL, id, reason))
}

// The address stays: it is what keeps the account closed, and what the books name.
const closeCustomerSQL = `update auth.customers
set status = 'closed', suspended_reason = null, name = '', email = '', email_verified_at = null, preferences = '{}', version = version + 1
where customer_id = $1
  and status <> 'closed'`

func closeCustomer(ctx context.Context, tx pg.Q, id customer.ID) (closed bool, err error) {
	return didChange(tx.ExecContext(ctx, closeCustomerSQL, id))
}

func didChange(r sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n > 0, err
}
