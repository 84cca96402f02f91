package auth

import (
	"context"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

const addEmailLinkSQL = `insert into auth.email_links (token_sha256, customer_id, email, expires_at) values ($1, $2, $3, $4)`

func addEmailLink(ctx context.Context, q pg.Q, token []byte, id customer.ID, email string, expires time.Time) error {
	_, err := q.ExecContext(ctx, addEmailLinkSQL, token, id, email, expires)
	return err
}

// One statement, so that of any number of parallel uses one gets through.
const takeEmailLinkSQL = `delete from auth.email_links
where token_sha256 = $1
  and expires_at > $2
returning customer_id, email`

func takeEmailLink(ctx context.Context, tx pg.Q, token []byte, now time.Time) (id customer.ID, email string, err error) {
	err = tx.QueryRowxContext(ctx, takeEmailLinkSQL, token, now).Scan(&id, &email)
	return id, email, err
}

// The version stays: an open form of the profile has nothing to do with it.
const verifyEmailSQL = `update auth.customers
set email_verified_at = $3
where customer_id = $1
  and email = $2
  and email_verified_at is null`

func verifyEmail(ctx context.Context, tx pg.Q, id customer.ID, email string, now time.Time) (bool, error) {
	return didChange(tx.ExecContext(ctx, verifyEmailSQL, id, email, now))
}

const dropEmailLinksSQL = `delete from auth.email_links where customer_id = $1`

func dropEmailLinks(ctx context.Context, tx pg.Q, id customer.ID) error {
	_, err := tx.ExecContext(ctx, dropEmailLinksSQL, id)
	return err
}
