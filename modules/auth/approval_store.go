package auth

import (
	"context"
	"time"

	"github.com/google/uuid"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
	"suiftly/internal/stepup"
)

const addApprovalChallengeSQL = `insert into auth.approval_challenges (challenge_id, customer_id, purpose, change_sha256, message_sha256, issued_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7)`

func addApprovalChallenge(ctx context.Context, q pg.Q, c stepup.ChangeChallenge, who customer.ID, purpose string, change []byte, issued time.Time) error {
	_, err := q.ExecContext(ctx, addApprovalChallengeSQL, c.ID, who, purpose, change, hash(c.Message), issued, c.ExpiresAt)
	return err
}

type pendingApproval struct {
	Purpose  string    `db:"purpose"`
	Change   []byte    `db:"change_sha256"`
	IssuedAt time.Time `db:"issued_at"`
}

const readApprovalChallengeSQL = `select purpose, change_sha256, issued_at
from auth.approval_challenges
where challenge_id = $1
  and customer_id = $2
  and message_sha256 = $3
  and expires_at > $4`

func readApprovalChallenge(ctx context.Context, q pg.Q, id uuid.UUID, who customer.ID, message []byte, now time.Time) (p pendingApproval, err error) {
	err = q.GetContext(ctx, &p, readApprovalChallengeSQL, id, who, message, now)
	return p, err
}

// One statement, so that of any number of parallel calls one takes it.
const takeApprovalChallengeSQL = `delete from auth.approval_challenges where challenge_id = $1 and expires_at > $2`

func takeApprovalChallenge(ctx context.Context, tx pg.Q, id uuid.UUID, now time.Time) (taken bool, err error) {
	return didChange(tx.ExecContext(ctx, takeApprovalChallengeSQL, id, now))
}

const addEvidenceSQL = `insert into auth.evidence (challenge_id, customer_id, address, session_id, purpose, message, signature, scheme, issued_at, approved_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
returning evidence_id`

func addEvidence(ctx context.Context, tx pg.Q, e Evidence) (id int64, err error) {
	err = tx.GetContext(ctx, &id, addEvidenceSQL,
		e.Challenge, e.Customer, e.Address, e.Session, e.Purpose, e.Message, e.Signature, e.Scheme, e.IssuedAt, e.ApprovedAt)
	return id, err
}

const (
	evidenceColumns = `select evidence_id, challenge_id, customer_id, address, session_id, purpose, message, signature, scheme, issued_at, approved_at
from auth.evidence
`
	readEvidenceSQL = evidenceColumns + `where evidence_id = $1`
	listEvidenceSQL = evidenceColumns + `where customer_id = $1
order by evidence_id desc`
)

func readEvidence(ctx context.Context, q pg.Q, id int64) (e Evidence, err error) {
	err = q.GetContext(ctx, &e, readEvidenceSQL, id)
	return e, err
}

func listEvidence(ctx context.Context, q pg.Q, who customer.ID) (all []Evidence, err error) {
	err = q.SelectContext(ctx, &all, listEvidenceSQL, who)
	return all, err
}
