package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"suiftly/internal/jobs"
	"suiftly/internal/mail"
	"suiftly/internal/outbox"
	"suiftly/internal/sui/suitest"
)

// postOffice keeps what is sent.
type postOffice struct {
	sent []mail.Message
	err  error
}

func (p *postOffice) send(_ context.Context, m mail.Message) error {
	p.sent = append(p.sent, m)
	return p.err
}

// token is what stands behind # in the nth message.
func (p *postOffice) token(t *testing.T, n int) string {
	t.Helper()
	if len(p.sent) <= n {
		t.Fatalf("%d messages were sent", len(p.sent))
	}
	_, rest, _ := strings.Cut(p.sent[n].Text, "https://dash.example.com/verify-email#")
	token, _, _ := strings.Cut(rest, "\n")
	return token
}

func TestEmailLinks(t *testing.T) {
	t.Parallel()
	alice := suitest.NewWallet(1)
	open := func(t *testing.T) (room, *postOffice, *outbox.Outbox, Customer) {
		t.Helper()
		r, p := setup(t), &postOffice{}
		r.SendMail = p.send
		box := outbox.New(r.kit.DB, r.kit.Log, r.now)
		box.Handle(EmailLinkKind, r.SendEmailLink)
		email := "ada@example.com"
		c, err := r.ChangeProfile(t.Context(), r.signIn(t, alice).Customer.ID, 1, ProfileChange{Email: &email})
		if err != nil {
			t.Fatal(err)
		}
		return r, p, box, c
	}
	ask := func(t *testing.T, r room, box *outbox.Outbox, c Customer) {
		t.Helper()
		if err := r.AskEmailLink(t.Context(), c.ID); err != nil {
			t.Fatal(err)
		}
		if err := box.Send(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	verified := func(t *testing.T, r room, c Customer) bool {
		t.Helper()
		now, err := r.Customer(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		return now.EmailVerifiedAt.Valid
	}
	t.Run("the link verifies the address once, and other links are over", func(t *testing.T) {
		r, p, box, c := open(t)
		ask(t, r, box, c)
		ask(t, r, box, c)
		if len(p.sent) != 2 || p.sent[0].To != "ada@example.com" || p.token(t, 0) == p.token(t, 1) {
			t.Fatalf("sent %+v", p.sent)
		}
		var kept string
		if err := r.kit.DB.Get(&kept, `select string_agg(l::text, ' ') from auth.email_links l`); err != nil || strings.Contains(kept, p.token(t, 0)) {
			t.Errorf("the token is kept in the clear: %s, %v", kept, err)
		}
		if err := r.VerifyEmail(t.Context(), p.token(t, 0)); err != nil || !verified(t, r, c) {
			t.Fatalf("got %v", err)
		}
		for n := range 2 {
			if err := r.VerifyEmail(t.Context(), p.token(t, n)); !errors.Is(err, ErrEmailLinkOver) {
				t.Errorf("link %d once more: %v", n, err)
			}
		}
		if err := r.AskEmailLink(t.Context(), c.ID); !errors.Is(err, ErrNothingToVerify) {
			t.Errorf("another link: %v", err)
		}
		after, err := r.Customer(t.Context(), c.ID)
		if err != nil || after.Version != c.Version {
			t.Errorf("an open form of the profile would be refused: version %d, %v", after.Version, err)
		}
		var told int
		if err := r.kit.DB.Get(&told, `select count(*) from ops.audit where action in ('auth.email_link_asked', 'auth.email_verified')`); err != nil || told != 3 {
			t.Errorf("%d audit entries, %v", told, err)
		}
	})
	t.Run("a link for the address of before verifies nothing", func(t *testing.T) {
		r, p, box, c := open(t)
		ask(t, r, box, c)
		other := "grace@example.com"
		if _, err := r.ChangeProfile(t.Context(), c.ID, c.Version, ProfileChange{Email: &other}); err != nil {
			t.Fatal(err)
		}
		if err := r.VerifyEmail(t.Context(), p.token(t, 0)); !errors.Is(err, ErrEmailLinkOver) || verified(t, r, c) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("it is over after a day, and swept", func(t *testing.T) {
		r, p, box, c := open(t)
		ask(t, r, box, c)
		r.later(24 * time.Hour)
		if err := r.VerifyEmail(t.Context(), p.token(t, 0)); !errors.Is(err, ErrEmailLinkOver) {
			t.Errorf("got %v", err)
		}
		if err := r.sweep(t.Context(), jobs.Run{Due: r.now().Add(time.Second)}); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := r.kit.DB.Get(&left, `select count(*) from auth.email_links`); err != nil || left != 0 {
			t.Errorf("%d links left, %v", left, err)
		}
	})
	t.Run("guesses are refused", func(t *testing.T) {
		r, _, _, _ := open(t)
		for _, token := range []string{"", "x", strings.Repeat("A", 43)} {
			if err := r.VerifyEmail(t.Context(), token); !errors.Is(err, ErrEmailLinkOver) {
				t.Errorf("%q: %v", token, err)
			}
		}
	})
	t.Run("an address that was taken away meanwhile gets nothing", func(t *testing.T) {
		r, p, box, c := open(t)
		if err := r.AskEmailLink(t.Context(), c.ID); err != nil {
			t.Fatal(err)
		}
		none := ""
		if _, err := r.ChangeProfile(t.Context(), c.ID, c.Version, ProfileChange{Email: &none}); err != nil {
			t.Fatal(err)
		}
		if err := box.Send(t.Context()); err != nil || len(p.sent) > 0 {
			t.Errorf("sent %v, %v", p.sent, err)
		}
	})
	t.Run("what the mail server refuses for good is not tried again", func(t *testing.T) {
		r, p, box, c := open(t)
		p.err = fmt.Errorf("%w: SMTP code 550", mail.ErrRefused)
		ask(t, r, box, c)
		r.later(24 * time.Hour)
		if err := box.Send(t.Context()); err != nil || len(p.sent) != 1 {
			t.Errorf("sent %d times, %v", len(p.sent), err)
		}
	})
	t.Run("without mail it says so", func(t *testing.T) {
		r, _, _, c := open(t)
		r.SendMail = nil
		if err := r.AskEmailLink(t.Context(), c.ID); !errors.Is(err, ErrMailOff) {
			t.Errorf("got %v", err)
		}
	})
}
