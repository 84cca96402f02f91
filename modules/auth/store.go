package auth

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

// statements is what the room asks of Postgres, by name; a test prepares each on the migrated schema.
var statements = map[string]string{
	"addChallenge": addChallengeSQL, "takeChallenge": takeChallengeSQL, "addCustomer": addCustomerSQL, "customerByAddress": customerByAddressSQL,
	"customerByID": customerByIDSQL, "customersAmong": customersAmongSQL, "lockCustomer": lockCustomerSQL, "saveProfile": saveProfileSQL,
	"suspendCustomer": suspendCustomerSQL, "resumeCustomer": resumeCustomerSQL, "addSession": addSessionSQL, "addRefreshToken": addRefreshTokenSQL,
	"lockRefreshToken": lockRefreshTokenSQL, "hasRefreshToken": hasRefreshTokenSQL, "rotateRefreshToken": rotateRefreshTokenSQL,
	"revokeSession": revokeSessionSQL, "revokeOwnSession": revokeOwnSessionSQL, "revokeSessionsBut": revokeSessionsButSQL, "listDevices": listDevicesSQL,
	"readSessionState": readSessionStateSQL, "sweepChallenges": sweepChallengesSQL, "sweepApprovalChallenges": sweepApprovalChallengesSQL,
	"revokeAllSessions": revokeAllSessionsSQL, "closeCustomer": closeCustomerSQL, "addApprovalChallenge": addApprovalChallengeSQL,
	"readApprovalChallenge": readApprovalChallengeSQL, "takeApprovalChallenge": takeApprovalChallengeSQL, "addEvidence": addEvidenceSQL,
	"readEvidence": readEvidenceSQL, "listEvidence": listEvidenceSQL,
	"addEmailLink": addEmailLinkSQL, "takeEmailLink": takeEmailLinkSQL, "verifyEmail": verifyEmailSQL, "dropEmailLinks": dropEmailLinksSQL,
	"sweepEmailLinks": sweepEmailLinksSQL, "sweepRefreshTokens": sweepRefreshTokensSQL, "sweepSessions": sweepSessionsSQL,
}

// Neither adding nor taking a challenge waits for the disk. A crash may then lose a challenge that nobody has used, or bring one
// back whose session it lost as well: the log is written in order, and the session's commit waits for all before it.
const addChallengeSQL = `insert into auth.challenges (challenge_id, address, message_sha256, preauth_sha256, issued_at, expires_at)
select $1::uuid, $2, $3::bytea, $4::bytea, $5::timestamptz, $6::timestamptz
from set_config('synchronous_commit', 'off', true)`

func addChallenge(ctx context.Context, q pg.Q, c Challenge, address string, issued time.Time, preAuth []byte) error {
	_, err := q.ExecContext(ctx, addChallengeSQL, c.ID, address, hash(c.Message), preAuth, issued, c.ExpiresAt)
	return err
}

// One statement, so that of any number of parallel calls one gets the address.
const takeChallengeSQL = `delete from auth.challenges
using set_config('synchronous_commit', 'off', true)
where challenge_id = $1
  and message_sha256 = $2
  and preauth_sha256 = $3
  and expires_at > $4
returning address`

func takeChallenge(ctx context.Context, q pg.Q, id uuid.UUID, message, preAuth []byte, now time.Time) (address string, err error) {
	err = q.GetContext(ctx, &address, takeChallengeSQL, id, message, preAuth, now)
	return address, err
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
       c.customer_id, c.address, c.status, coalesce(c.suspended_reason, '') as suspended_reason, c.created_at,
       c.name, c.email, c.email_verified_at, c.preferences, c.version
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

// Only the owner's sessions, and only live ones.
const revokeOwnSessionSQL = `update auth.sessions
set revoked_at = $4, revoked_why = $3
where customer_id = $1
  and session_id = $2
  and revoked_at is null
  and expires_at > $4`

func revokeOwnSession(ctx context.Context, tx pg.Q, who customer.ID, session uuid.UUID, why string, now time.Time) (bool, error) {
	return didChange(tx.ExecContext(ctx, revokeOwnSessionSQL, who, session, why, now))
}

const revokeSessionsButSQL = `update auth.sessions
set revoked_at = $4, revoked_why = $3
where customer_id = $1
  and session_id <> $2
  and revoked_at is null
  and expires_at > $4
returning session_id`

func revokeSessionsBut(ctx context.Context, tx pg.Q, who customer.ID, keep uuid.UUID, why string, now time.Time) (ids []string, err error) {
	err = tx.SelectContext(ctx, &ids, revokeSessionsButSQL, who, keep, why, now)
	return ids, err
}

const revokeAllSessionsSQL = `update auth.sessions
set revoked_at = $3, revoked_why = $2
where customer_id = $1
  and revoked_at is null
returning session_id`

func revokeAllSessions(ctx context.Context, tx pg.Q, who customer.ID, why string, now time.Time) (ids []string, err error) {
	err = tx.SelectContext(ctx, &ids, revokeAllSessionsSQL, who, why, now)
	return ids, err
}

// A session lives as long as one of its refresh tokens can still be used.
const listDevicesSQL = `select s.session_id, s.created_at, s.last_used_at, t.expires_at, s.user_agent, s.ip_prefix
from auth.sessions s
join lateral (select max(expires_at) as expires_at
              from auth.refresh_tokens
              where session_id = s.session_id
                and rotated_at is null
                and expires_at > $2) t on t.expires_at is not null
where s.customer_id = $1
  and s.revoked_at is null
  and s.expires_at > $2
order by s.last_used_at desc, s.session_id
limit 200`

func listDevices(ctx context.Context, q pg.Q, who customer.ID, now time.Time) (devices []Device, err error) {
	err = q.SelectContext(ctx, &devices, listDevicesSQL, who, now)
	return devices, err
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
	sweepChallengesSQL         = `delete from auth.challenges where expires_at < $1`
	sweepApprovalChallengesSQL = `delete from auth.approval_challenges where expires_at < $1`
	sweepEmailLinksSQL         = `delete from auth.email_links where expires_at < $1`
	// A refresh token that has run out is refused whether it was copied or not: its row tells nothing any more.
	sweepRefreshTokensSQL = `delete from auth.refresh_tokens where expires_at < $1`
	// A session that ended a week ago is of no use to its owner; its refresh tokens go with it.
	sweepSessionsSQL = `delete from auth.sessions
where expires_at < $1::timestamptz - interval '7 days'
   or revoked_at < $1::timestamptz - interval '7 days'
   or last_used_at < $1::timestamptz - interval '97 days'`
)

func sweepExpired(ctx context.Context, q pg.Q, now time.Time) error {
	for _, sweep := range []string{sweepChallengesSQL, sweepApprovalChallengesSQL, sweepEmailLinksSQL, sweepRefreshTokensSQL, sweepSessionsSQL} {
		if _, err := q.ExecContext(ctx, sweep, now); err != nil {
			return err
		}
	}
	return nil
}
