package mail

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"
)

// server is an SMTP server (RFC 5321) on loopback that keeps what it is given.
type server struct {
	port     int
	tls      *tls.Config
	trust    *tls.Config
	starttls bool
	answer   map[string]string // to a command's verb, instead of the usual one

	mu   sync.Mutex
	mail []string // whole messages
	auth []string // user and password, separated by NUL
	safe []bool   // whether MAIL came over TLS
}

func serve(t *testing.T, change func(*server)) *server {
	t.Helper()
	web := httptest.NewUnstartedServer(nil) // for its certificate
	web.StartTLS()
	t.Cleanup(web.Close)
	pool := x509.NewCertPool()
	pool.AddCert(web.Certificate())
	s := &server{tls: &tls.Config{Certificates: web.TLS.Certificates}, trust: &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}, starttls: true}
	implicit := false
	if change != nil {
		change(s)
		implicit = s.answer["implicit"] != ""
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if implicit {
		s.starttls, l = false, tls.NewListener(l, s.tls)
	}
	t.Cleanup(func() { l.Close() })
	s.port = l.Addr().(*net.TCPAddr).Port
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.talk(c)
		}
	}()
	return s
}

func (s *server) talk(c net.Conn) {
	defer func() { c.Close() }()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	in := bufio.NewReader(c)
	say := func(lines ...string) { _, _ = c.Write([]byte(strings.Join(lines, "\r\n") + "\r\n")) }
	say("220 test ESMTP")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		verb = strings.ToUpper(verb)
		if instead := s.answer[verb]; instead != "" {
			say(instead)
			continue
		}
		_, safe := c.(*tls.Conn)
		switch verb {
		case "EHLO":
			features := []string{"250-test", "250-AUTH PLAIN", "250 8BITMIME"}
			if s.starttls && !safe {
				features = []string{"250-test", "250 STARTTLS"}
			}
			say(features...)
		case "STARTTLS":
			say("220 go on")
			c = tls.Server(c, s.tls)
			in = bufio.NewReader(c)
		case "AUTH":
			_, secret, _ := strings.Cut(rest, " ")
			text, _ := base64.StdEncoding.DecodeString(secret)
			s.mu.Lock()
			s.auth = append(s.auth, strings.TrimPrefix(string(text), "\x00"))
			s.mu.Unlock()
			say("235 welcome")
		case "MAIL":
			s.mu.Lock()
			s.safe = append(s.safe, safe)
			s.mu.Unlock()
			say("250 ok")
		case "DATA":
			say("354 go on")
			var text strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				text.WriteString(strings.TrimPrefix(line, "."))
			}
			s.mu.Lock()
			s.mail = append(s.mail, text.String())
			s.mu.Unlock()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func (s *server) sender(change func(*Config)) *Sender {
	c := DefaultConfig()
	c.Host, c.Port, c.From = "127.0.0.1", s.port, "Suiftly <no-reply@example.com>"
	if change != nil {
		change(&c)
	}
	return &Sender{config: c, trust: s.trust}
}

var hello = Message{To: "ada@example.com", Subject: "Grüße", Text: "First line.\n.\nÜber https://dash.example.com/verify-email#AAAA\n"}

func TestSend(t *testing.T) {
	t.Parallel()
	password := func(c *Config) { c.Username, c.Password = "mailer", "s3cret" }
	for name, c := range map[string]struct {
		server func(*server)
		config func(*Config)
		safe   bool
		auth   string
	}{
		"STARTTLS with a password": {nil, password, true, "mailer\x00s3cret"},
		"STARTTLS":                 {nil, nil, true, ""},
		"TLS from the start":       {func(s *server) { s.answer = map[string]string{"implicit": "yes"} }, func(c *Config) { password(c); c.TLS = "tls" }, true, "mailer\x00s3cret"},
		"none":                     {func(s *server) { s.starttls = false }, func(c *Config) { c.TLS = "none" }, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.server)
			if err := s.sender(c.config).Send(t.Context(), hello); err != nil {
				t.Fatal(err)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if len(s.mail) != 1 || len(s.safe) != 1 || s.safe[0] != c.safe || strings.Join(s.auth, "") != c.auth {
				t.Fatalf("%d messages, over TLS %v, auth %q", len(s.mail), s.safe, s.auth)
			}
			m, err := netmail.ReadMessage(strings.NewReader(s.mail[0]))
			if err != nil {
				t.Fatal(err)
			}
			for header, want := range map[string]string{"From": `"Suiftly" <no-reply@example.com>`, "To": "<ada@example.com>", "Subject": "=?UTF-8?q?Gr=C3=BC=C3=9Fe?=", "Auto-Submitted": "auto-generated"} {
				if got := m.Header.Get(header); got != want {
					t.Errorf("%s: %q, want %q", header, got, want)
				}
			}
			if m.Header.Get("Date") == "" || m.Header.Get("Message-Id") == "" {
				t.Errorf("no date or id: %v", m.Header)
			}
		})
	}
	for name, c := range map[string]struct {
		server func(*server)
		to     string
		good   bool // whether trying again may help
	}{
		"no such reader":            {func(s *server) { s.answer = map[string]string{"RCPT": "550 ada@example.com is not here"} }, "", false},
		"try later":                 {func(s *server) { s.answer = map[string]string{"RCPT": "451 ada@example.com is busy"} }, "", true},
		"the text is refused":       {func(s *server) { s.answer = map[string]string{"DATA": "554 spam from ada@example.com"} }, "", false},
		"not an address":            {nil, "not an address", false},
		"a second header":           {nil, "ada@example.com\r\nBcc: eve@example.com", false},
		"no STARTTLS is no mail":    {func(s *server) { s.starttls = false }, "", true},
		"an unknown certificate":    {func(s *server) { s.trust = nil }, "", true},
		"a password that is wrong":  {func(s *server) { s.answer = map[string]string{"AUTH": "535 wrong"} }, "", true},
		"a server that is too busy": {func(s *server) { s.answer = map[string]string{"EHLO": "421 busy", "HELO": "421 busy"} }, "", true},
	} {
		t.Run("not sent: "+name, func(t *testing.T) {
			s := serve(t, c.server)
			m := hello
			if c.to != "" {
				m.To = c.to
			}
			err := s.sender(password).Send(t.Context(), m)
			if err == nil || errors.Is(err, ErrRefused) == c.good {
				t.Fatalf("got %v", err)
			}
			for _, secret := range []string{"ada@", "AAAA", "s3cret"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error holds %s: %v", secret, err)
				}
			}
			if len(s.mail) > 0 {
				t.Errorf("sent %q", s.mail)
			}
		})
	}
	t.Run("a server that says nothing costs the patience", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		s := &server{port: l.Addr().(*net.TCPAddr).Port}
		if err := s.sender(func(c *Config) { c.Patience = time.Second }).Send(t.Context(), hello); err == nil || errors.Is(err, ErrRefused) {
			t.Errorf("got %v", err)
		}
	})
}

func TestConfig(t *testing.T) {
	good := DefaultConfig()
	good.Host, good.From = "smtp.example.com", "no-reply@example.com"
	for name, c := range map[string]struct {
		change func(*Config)
		bad    string
	}{
		"off":                          {func(c *Config) { *c = DefaultConfig() }, ""},
		"on":                           {func(*Config) {}, ""},
		"from without a host":          {func(c *Config) { c.Host = "" }, "mail.host"},
		"no from":                      {func(c *Config) { c.From = "" }, "mail.from"},
		"a user without a password":    {func(c *Config) { c.Username = "u" }, "mail.username"},
		"a password in the clear":      {func(c *Config) { c.Username, c.Password, c.TLS = "u", "p", "none" }, "mail.tls"},
		"an unknown TLS":               {func(c *Config) { c.TLS = "ssl3" }, "mail.tls"},
		"a port that is none":          {func(c *Config) { c.Port = 70_000 }, "mail.port"},
		"a patience that is too short": {func(c *Config) { c.Patience = 0 }, "mail.patience"},
	} {
		config := good
		c.change(&config)
		problems := config.Validate()
		if (len(problems) == 0) != (c.bad == "") || len(problems) > 0 && !strings.HasPrefix(problems[0].Error(), c.bad) {
			t.Errorf("%s: %v", name, problems)
		}
	}
}
