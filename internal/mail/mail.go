// Package mail sends plain-text e-mail through the operator's SMTP server.
package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/mail"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Config is the mail section of config.yaml.
type Config struct {
	Host     string        `koanf:"host"`
	Port     int           `koanf:"port"`
	From     string        `koanf:"from"`
	Username string        `koanf:"username"`
	Password string        `koanf:"password" secret:"true"`
	TLS      string        `koanf:"tls"`
	Patience time.Duration `koanf:"patience"`
}

// DefaultConfig sends nothing.
func DefaultConfig() Config {
	return Config{Port: 587, TLS: "starttls", Patience: 20 * time.Second}
}

// On says whether mail is configured.
func (c Config) On() bool { return c.Host != "" }

// Validate gives every problem of the section.
func (c Config) Validate() (problems []error) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !c.On() {
		if c.From != "" || c.Username != "" || c.Password != "" {
			bad("mail.host: required with the other keys of mail")
		}
		return problems
	}
	if c.Port < 1 || c.Port > 65535 {
		bad("mail.port: %d is not between 1 and 65535", c.Port)
	}
	if _, err := mail.ParseAddress(c.From); err != nil {
		bad("mail.from: %q is not an address such as Suiftly <no-reply@example.com>", c.From)
	}
	if (c.Username == "") != (c.Password == "") {
		bad("mail.username: goes together with password")
	}
	if c.TLS != "starttls" && c.TLS != "tls" && c.TLS != "none" {
		bad("mail.tls: %q is not starttls, tls or none", c.TLS)
	}
	if c.TLS == "none" && c.Username != "" {
		bad("mail.tls: a password is sent over TLS only")
	}
	if c.Patience < time.Second || c.Patience > time.Minute {
		bad("mail.patience: %s is not between 1s and 1m", c.Patience)
	}
	return problems
}

// Message is one e-mail to one reader.
type Message struct {
	To      string // an address, without a name
	Subject string
	Text    string
}

// ErrRefused says that the server will never take the message: trying again is of no use.
var ErrRefused = errors.New("the mail server refuses it for good")

// Sender sends through one server. It keeps no connection: what is sent is rare.
type Sender struct {
	config Config
	trust  *tls.Config // nil: the system's authorities
}

// New makes a sender of a valid configuration that is On.
func New(c Config) *Sender { return &Sender{config: c} }

// Send gives the message to the server. nil means that the server has taken it, which is all that can be known; after any
// error but ErrRefused it may be tried again. Errors hold neither the text nor the reader's address.
func (s *Sender) Send(ctx context.Context, m Message) error {
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := message.From(s.config.From); err != nil {
		return fmt.Errorf("mail.from: %w", err)
	}
	if err := message.To(m.To); err != nil {
		return fmt.Errorf("%w: not an address", ErrRefused)
	}
	message.Subject(m.Subject)
	message.SetBodyString(gomail.TypeTextPlain, m.Text)
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's holiday notice answers it
	options := []gomail.Option{gomail.WithTimeout(s.config.Patience)}
	switch s.config.TLS {
	case "tls":
		options = append(options, gomail.WithSSL())
	case "starttls":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	options = append(options, gomail.WithPort(s.config.Port)) // after WithSSL and the policy, which bring ports of their own
	if s.trust != nil {
		options = append(options, gomail.WithTLSConfig(s.trust))
	}
	if s.config.Username != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.config.Username), gomail.WithPassword(s.config.Password))
	}
	client, err := gomail.NewClient(s.config.Host, options...)
	if err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Patience)
	defer cancel()
	return told(client.DialAndSendWithContext(ctx, message))
}

// told keeps of an error what an operator needs. The server's own words may name the reader, so its code has to do.
func told(err error) error {
	var refused *gomail.SendError
	if !errors.As(err, &refused) {
		return err
	}
	if code := refused.ErrorCode(); !refused.IsTemp() && code >= 500 && code < 600 {
		return fmt.Errorf("%w: SMTP code %d", ErrRefused, code)
	}
	return fmt.Errorf("the mail server did not take it: SMTP code %d", refused.ErrorCode())
}
