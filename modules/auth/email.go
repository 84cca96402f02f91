package auth

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/audit"
	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/mail"
	"suiftly/internal/outbox"
	"suiftly/internal/pg"
)

// The refusals of links that verify an e-mail address.
var (
	ErrMailOff         = fault.New(fault.Conflict, "auth.mail_off", "This installation sends no e-mail, so it cannot verify an address.")
	ErrNothingToVerify = fault.New(fault.Conflict, "auth.nothing_to_verify", "Your profile has no unverified e-mail address.")
	ErrEmailLinkOver   = fault.New(fault.Invalid, "auth.email_link_over", "This link has expired, was used already, or is for an address that you changed since. Have a new one sent from your profile.")
)

const (
	// EmailLinkKind is the outbox's name for links to be sent.
	EmailLinkKind = "auth.email_link"

	emailLinkFor = 24 * time.Hour
)

type emailLinkWanted struct {
	Customer customer.ID `json:"customer_id"`
}

// AskEmailLink has a link sent to the unverified address in the customer's profile.
func (m *Module) AskEmailLink(ctx context.Context, id customer.ID) error {
	if m.SendMail == nil {
		return ErrMailOff
	}
	return pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		c, err := lockCustomer(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("read account: %w", err)
		}
		if c.Email == "" || c.EmailVerifiedAt.Valid {
			return ErrNothingToVerify
		}
		if err := outbox.Put(ctx, tx, EmailLinkKind, emailLinkWanted{id}, m.kit.Now()); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "auth.email_link_asked", Subject: "profile", Customer: id})
	})
}

// SendEmailLink is the outbox's handler. The token is drawn here, so that it is nowhere but in the message; links that were sent
// before stay good, because of an attempt that failed nobody knows whether its message arrived.
func (m *Module) SendEmailLink(ctx context.Context, body json.RawMessage) error {
	var wanted emailLinkWanted
	if err := json.Unmarshal(body, &wanted); err != nil {
		return fmt.Errorf("%w: %w", outbox.ErrNever, err)
	}
	c, err := customerByID(ctx, m.kit.DB, wanted.Customer)
	if err != nil {
		return fmt.Errorf("read account: %w", err)
	}
	if c.Email == "" || c.EmailVerifiedAt.Valid {
		return nil // taken away or verified meanwhile
	}
	token, err := newRefresh()
	if err != nil {
		return err
	}
	if err := addEmailLink(ctx, m.kit.DB, hash(token), c.ID, c.Email, m.kit.Now().Add(emailLinkFor)); err != nil {
		return fmt.Errorf("keep e-mail link: %w", err)
	}
	err = m.SendMail(ctx, mail.Message{To: c.Email, Subject: "Confirm your e-mail address for " + m.domain, Text: m.emailLinkText(token)})
	if errors.Is(err, mail.ErrRefused) {
		return fmt.Errorf("%w: %w", outbox.ErrNever, err)
	}
	return err
}

// emailLinkText has the token behind #, which browsers send to no server and no log holds.
func (m *Module) emailLinkText(token string) string {
	return "Somebody, probably you, gave this e-mail address for an account at " + m.domain + ".\n\n" +
		"To confirm that it is yours, open this link within 24 hours:\n\n" +
		m.origin + "/verify-email#" + token + "\n\n" +
		"If it was not you, do nothing: an address that is not confirmed gets no other e-mail.\n"
}

// VerifyEmail uses a link's token up. Whoever has it reads the mailbox; a session is not needed.
func (m *Module) VerifyEmail(ctx context.Context, token string) error {
	return pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		now := m.kit.Now()
		id, email, err := takeEmailLink(ctx, tx, hash(token), now)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrEmailLinkOver
		}
		if err != nil {
			return fmt.Errorf("take e-mail link: %w", err)
		}
		verified, err := verifyEmail(ctx, tx, id, email, now)
		if err != nil {
			return fmt.Errorf("verify e-mail: %w", err)
		}
		if !verified {
			return ErrEmailLinkOver
		}
		if err := dropEmailLinks(ctx, tx, id); err != nil {
			return fmt.Errorf("drop e-mail links: %w", err)
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "auth.email_verified", Subject: "profile", Customer: id})
	})
}
