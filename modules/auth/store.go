package auth

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

// statements is what the room asks of Postgres, by name; a test prepares each on the migrated schema.
var statements = map[string]string{
	"addChallenge": addChallengeSQL, "takeChallenge": takeChallengeSQL, "addCustomer": addCustomerSQL, "customerByAddress": customerByAddressSQL,
	"customerByID": customerByIDSQL, "customersAmong": customersAmongSQL, "addSession": addSessionSQL, "addRefreshToken": addRefreshTokenSQL,
	"lockRefreshToken": lockRefreshTokenSQL, "hasRefreshToken": hasRefreshTokenSQL, "rotateRefreshToken": rotateRefreshTokenSQL,
	"revokeSession": revokeSessionSQL, "readSessionState": readSessionStateSQL, "sweepChallenges": sweepChallengesSQL, "sweepSessions": sweepSessionsSQL,
}

const addChallengeSQL = `insert into auth.challenges (challenge_id, address, message_sha256, preauth_sha256, issued_at, expires_at)
values ($1, $2, $3, $4, $5, $6)`

func addChallenge(ctx context.Context, q pg.Q, c Challenge, address string, issued time.Time, preAuth []byte) error {
	_, err := q.ExecContext(ctx, addChallengeSQL, c.ID, address, hash(c.Message), preAuth, issued, c.ExpiresAt)
	return err
}

// One statement, so that of any number of parallel calls one gets the address.
const takeChallengeSQL = `delete from auth.challenges
where challenge_id = $1
  and message_sha256 = $2
  and preauth_sha256 = $3
  and expires_at > $4
returning address`

func takeChallenge(ctx context.Context, q pg.Q, id uuid.UUID, message, preAuth []byte, now time.Time) (address string, err error) {
	err = q.GetContext(ctx, &address, takeChallengeSQL, id, message, preAuth, now)
	return address, err
}

const addCustomerSQL = `insert into auth.customers (address, created_at)
values ($1, $2)
on conflict (address) do nothing
returning customer_id, address, status, created_at`

func addCustomer(ctx context.Context, q pg.Q, address string, now time.Time) (c Customer, err error) {
	err = q.GetContext(ctx, &c, addCustomerSQL, address, now)
	return c, err
}

const customerByAddressSQL = `select customer_id, address, status, created_at from auth.customers where address = $1`

func customerByAddress(ctx context.Context, q pg.Q, address string) (c Customer, err error) {
	err = q.GetContext(ctx, &c, customerByAddressSQL, address)
	return c, err
}

const customerByIDSQL = `select customer_id, address, status, created_at from auth.customers where customer_id = $1`

func customerByID(ctx context.Context, q pg.Q, id customer.ID) (c Customer, err error) {
	err = q.GetContext(ctx, &c, customerByIDSQL, id)
	return c, err
}

const customersAmongSQL = `select customer_id from auth.customers where customer_id = any($1)`

func customersAmong(ctx context.Context, q pg.Q, ids []customer.ID) (found []customer.ID, err error) {
	err = q.SelectContext(ctx, &found, customersAmongSQL, pq.Array(ids))
	return found, err
}

const addSessionSQL = `insert into auth.sessions (session_id, customer_id, created_at, last_used_at, expires_at, user_agent, ip_prefix)
values ($1, $2, $3, $3, $4, $5, $6)`

func addSession(ctx context.Context, q pg.Q, id uuid.UUID, who customer.ID, now, expires time.Time, agent, ipPrefix string) error {
	_, err := q.ExecContext(ctx, addSessionSQL, id, who, now, expires, agent, ipPrefix)
	return err
}

const addRefreshTokenSQL = `insert into auth.refresh_tokens (token_sha256, session_id, issued_at, expires_at)
values ($1, $2, $3, $4)`

func addRefreshToken(ctx context.Context, q pg.Q, token []byte, session uuid.UUID, now, expires time.Time) error {
	_, err := q.ExecContext(ctx, addRefreshTokenSQL, token, session, now, expires)
	return err
}

type refreshToken struct {
	Session        uuid.UUID    `db:"session_id"`
	ExpiresAt      time.Time    `db:"expires_at"`
	RotatedAt      sql.NullTime `db:"rotated_at"`
	SessionExpires time.Time    `db:"session_expires_at"`
	Revoked        bool         `db:"revoked"`
	Customer
}

// The session's row is locked, so that a family is rotated by one request at a time.
const lockRefreshTokenSQL = `select t.session_id, t.expires_at, t.rotated_at, s.expires_at as session_expires_at, s.revoked_at is not null as revoked,
       c.customer_id, c.address, c.status, c.created_at
from auth.refresh_tokens t
join auth.sessions s on s.session_id = t.session_id
join auth.customers c on c.customer_id = s.customer_id
where t.token_sha256 = $1
for update of s, t`

func lockRefreshToken(ctx context.Context, q pg.Q, token []byte) (t refreshToken, err error) {
	err = q.GetContext(ctx, &t, lockRefreshTokenSQL, token)
	return t, err
}

const hasRefreshTokenSQL = `select exists (select 1 from auth.refresh_tokens where token_sha256 = $1)`

func hasRefreshToken(ctx context.Context, q pg.Q, token []byte) (known bool, err error) {
	err = q.GetContext(ctx, &known, hasRefreshTokenSQL, token)
	return known, err
}

const rotateRefreshTokenSQL = `with used as (update auth.sessions set last_used_at = $3 where session_id = $2)
update auth.refresh_tokens set rotated_at = $3 where token_sha256 = $1`

func rotateRefreshToken(ctx context.Context, q pg.Q, token []byte, session uuid.UUID, now time.Time) error {
	_, err := q.ExecContext(ctx, rotateRefreshTokenSQL, token, session, now)
	return err
}

const revokeSessionSQL = `update auth.sessions set revoked_at = $2, revoked_why = $3 where session_id = $1 and revoked_at is null`

func revokeSession(ctx context.Context, q pg.Q, session uuid.UUID, why string, now time.Time) error {
	_, err := q.ExecContext(ctx, revokeSessionSQL, session, now, why)
	return err
}

type sessionState struct {
	Customer customer.ID `db:"customer_id"`
	Address  string      `db:"address"`
	Status   string      `db:"status"`
	Revoked  bool        `db:"revoked"`
}

const readSessionStateSQL = `select s.customer_id, c.address, c.status, s.revoked_at is not null as revoked
from auth.sessions s
join auth.customers c on c.customer_id = s.customer_id
where s.session_id = $1`

func readSessionState(ctx context.Context, q pg.Q, session string) (s sessionState, err error) {
	err = q.GetContext(ctx, &s, readSessionStateSQL, session)
	return s, err
}

const (
	sweepChallengesSQL = `delete from auth.challenges where expires_at < $1`
	// A session that ended a week ago is of no use to its owner; its refresh tokens go with it.
	sweepSessionsSQL = `delete from auth.sessions
where expires_at < $1::timestamptz - interval '7 days'
   or revoked_at < $1::timestamptz - interval '7 days'
   or last_used_at < $1::timestamptz - interval '97 days'`
)

func sweepExpired(ctx context.Context, q pg.Q, now time.Time) error {
	if _, err := q.ExecContext(ctx, sweepChallengesSQL, now); err != nil {
		return err
	}
	_, err := q.ExecContext(ctx, sweepSessionsSQL, now)
	return err
}
