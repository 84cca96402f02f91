package auth

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/pg"
	"suiftly/internal/stepup"
	"suiftly/internal/sui"
)

// Evidence is a change that a customer's wallet signed.
type Evidence struct {
	ID         int64       `db:"evidence_id"`
	Challenge  uuid.UUID   `db:"challenge_id"`
	Customer   customer.ID `db:"customer_id"`
	Address    string      `db:"address"`
	Session    uuid.UUID   `db:"session_id"`
	Purpose    string      `db:"purpose"`
	Message    string      `db:"message"`
	Signature  string      `db:"signature"`
	Scheme     string      `db:"scheme"`
	IssuedAt   time.Time   `db:"issued_at"`
	ApprovedAt time.Time   `db:"approved_at"`
}

// StepUp is the door for rooms whose changes need a fresh signature.
func (m *Module) StepUp() stepup.Door { return stepup.Door{Ask: m.askApproval, Approve: m.approve} }

// approvalMessage is what the wallet shows. Its first line differs from a sign-in's, so that one is never the other.
func (m *Module) approvalMessage(who customer.Identity, change string, issued, expires time.Time) string {
	return m.domain + " asks you to approve a change with your Sui account:\n" +
		who.Address + "\n\n" +
		change + "\n\n" +
		"URI: " + m.origin + "\n" +
		"Version: 1\n" +
		"Chain ID: sui:" + m.config.Network + "\n" +
		"Nonce: " + rand.Text() + "\n" +
		"Issued At: " + issued.Format(time.RFC3339) + "\n" +
		"Expiration Time: " + expires.Format(time.RFC3339)
}

func (m *Module) askApproval(ctx context.Context, change stepup.Change) (stepup.ChangeChallenge, error) {
	who := customer.IdentityFrom(ctx)
	text, err := change.Text()
	if err != nil {
		return stepup.ChangeChallenge{}, err
	}
	issued := m.kit.Now().UTC().Truncate(time.Second)
	c := stepup.ChangeChallenge{ID: uuid.New(), ExpiresAt: issued.Add(m.config.Challenge)}
	c.Message = m.approvalMessage(who, text, issued, c.ExpiresAt)
	if err := addApprovalChallenge(ctx, m.kit.DB, c, who.ID, change.Purpose, hash(text), issued); err != nil {
		return stepup.ChangeChallenge{}, fmt.Errorf("keep approval challenge: %w", err)
	}
	return c, nil
}

// approve checks the signature before the transaction, because a zkLogin one asks the network, and uses the challenge up
// inside it: of any number of parallel calls one gets through.
func (m *Module) approve(ctx context.Context, change stepup.Change, proof *stepup.ChangeProof, do func(tx *sqlx.Tx, evidence int64) error) error {
	if proof == nil {
		return stepup.ErrNeeded
	}
	who := customer.IdentityFrom(ctx)
	text, err := change.Text()
	if err != nil {
		return err
	}
	address, err := sui.ParseAddress(who.Address)
	if err != nil {
		return fmt.Errorf("approve: the caller's address: %w", err)
	}
	session, err := uuid.Parse(who.SessionID)
	if err != nil {
		return errors.New("approve: the caller has no session")
	}
	pending, err := readApprovalChallenge(ctx, m.kit.DB, proof.ID, who.ID, hash(proof.Message), m.kit.Now())
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return stepup.ErrOver
	case err != nil:
		return fmt.Errorf("read approval challenge: %w", err)
	case pending.Purpose != change.Purpose || string(pending.Change) != string(hash(text)):
		return stepup.ErrDiffers
	}
	verified, err := m.verifier.Check(ctx, address, []byte(proof.Message), proof.Signature)
	if err != nil {
		if refused := *fault.Of(err); refused.Kind == fault.Unauthenticated {
			refused.Kind = fault.Forbidden // who is asking is known; what was signed is not right
			return &refused
		}
		return err
	}
	return pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		now := m.kit.Now()
		taken, err := takeApprovalChallenge(ctx, tx, proof.ID, now)
		if err != nil {
			return fmt.Errorf("take approval challenge: %w", err)
		}
		if !taken {
			return stepup.ErrOver
		}
		id, err := addEvidence(ctx, tx, Evidence{
			Challenge: proof.ID, Customer: who.ID, Address: who.Address, Session: session, Purpose: change.Purpose,
			Message: proof.Message, Signature: proof.Signature, Scheme: verified.Scheme.String(), IssuedAt: pending.IssuedAt, ApprovedAt: now,
		})
		if err != nil {
			return fmt.Errorf("keep evidence: %w", err)
		}
		return do(tx, id)
	})
}

// ErrNoEvidence is for a number nobody signed under.
var ErrNoEvidence = errors.New("there is no such evidence")

// Evidence reads what was signed, as it was kept.
func (m *Module) Evidence(ctx context.Context, id int64) (Evidence, error) {
	e, err := readEvidence(ctx, m.kit.DB, id)
	if errors.Is(err, sql.ErrNoRows) {
		return Evidence{}, fmt.Errorf("evidence %d: %w", id, ErrNoEvidence)
	}
	return e, err
}

// Verify checks the evidence again without trusting that it was checked before, and without asking anybody. For zkLogin all
// that can be checked here is; proofLeft says that whether the proof was right is the network's word of then.
func (e Evidence) Verify() (proofLeft bool, err error) {
	address, err := sui.ParseAddress(e.Address)
	if err != nil {
		return false, fmt.Errorf("address: %w", err)
	}
	lines := strings.Split(e.Message, "\n")
	if len(lines) < 2 || lines[1] != address.String() {
		return false, errors.New("the text names another address")
	}
	if !strings.Contains(e.Message, "\n\nPurpose: "+e.Purpose+"\n") {
		return false, errors.New("the text names another purpose")
	}
	verified, err := sui.Verify([]byte(e.Message), e.Signature)
	proofLeft = errors.Is(err, sui.ErrZkLoginUnavailable)
	switch {
	case err != nil && !proofLeft:
		return false, err
	case !verified.Proves(address):
		return false, sui.ErrOtherAddress
	case verified.Scheme.String() != e.Scheme:
		return false, fmt.Errorf("the signature is %s, not %s", verified.Scheme, e.Scheme)
	}
	return proofLeft, nil
}
