// Package auth is the only door: it turns a wallet's signature into a session and a session into who is asking.
package auth

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/host"
	"suiftly/internal/jobs"
	"suiftly/internal/mail"
	"suiftly/internal/pg"
	"suiftly/internal/sui"
	"suiftly/internal/sui/chain"
	"suiftly/internal/web"
)

// Config is the auth section of config.yaml.
type Config struct {
	Network         string        `koanf:"network"`
	SigningKeys     []string      `koanf:"signing_keys" secret:"true"`
	SigningKeyFile  string        `koanf:"signing_key_file"`
	Operators       []string      `koanf:"operators"`
	Challenge       time.Duration `koanf:"challenge"`
	Access          time.Duration `koanf:"access"`
	Refresh         time.Duration `koanf:"refresh"`
	RefreshGrace    time.Duration `koanf:"refresh_grace"`
	SessionAbsolute time.Duration `koanf:"session_absolute"`
	Limits          Limits        `koanf:"limits"`
	// Fullnodes decide about zkLogin signatures; without one they are refused with 503.
	Fullnodes        []chain.Node  `koanf:"fullnodes"`
	FullnodesAgree   int           `koanf:"fullnodes_agree"`
	FullnodePatience time.Duration `koanf:"fullnode_patience"`
	// AddressAliases asks them at each signature whether the key still belongs to its address.
	AddressAliases bool `koanf:"address_aliases"`
}

// Limits is the auth.limits part of config.yaml: how often strangers may try the door, on all replicas together.
type Limits struct {
	ChallengesPerMinute        int `koanf:"challenges_per_minute"`
	ChallengesAddressPerMinute int `koanf:"challenges_address_per_minute"`
	VerifiesPerMinute          int `koanf:"verifies_per_minute"`
}

const day = 24 * time.Hour

// DefaultConfig has the lifetimes of the product's rules.
func DefaultConfig() Config {
	return Config{
		Network: "testnet", Challenge: 5 * time.Minute, Access: 15 * time.Minute, Refresh: 7 * day, RefreshGrace: 30 * time.Second, SessionAbsolute: 90 * day,
		Limits:         Limits{ChallengesPerMinute: 10, ChallengesAddressPerMinute: 5, VerifiesPerMinute: 10},
		FullnodesAgree: 1, FullnodePatience: 3 * time.Second,
	}
}

// Validate gives every problem of the section.
func (c Config) Validate() (problems []error) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !slices.Contains([]string{"mainnet", "testnet", "devnet", "localnet"}, c.Network) {
		bad("auth.network: %q is not mainnet, testnet, devnet or localnet", c.Network)
	}
	for i, key := range c.SigningKeys {
		if len(key) < 32 {
			bad("auth.signing_keys[%d]: shorter than 32 characters; `openssl rand -hex 32` makes one", i)
		}
	}
	for i, a := range c.Operators {
		if _, err := sui.ParseAddress(a); err != nil {
			bad("auth.operators[%d]: %q is not a Sui address", i, a)
		}
	}
	for _, d := range []struct {
		key             string
		value, min, max time.Duration
	}{
		{"challenge", c.Challenge, 30 * time.Second, 15 * time.Minute}, {"access", c.Access, time.Minute, time.Hour},
		{"refresh", c.Refresh, time.Hour, 90 * day}, {"refresh_grace", c.RefreshGrace, 0, 5 * time.Minute},
		{"session_absolute", c.SessionAbsolute, time.Hour, 400 * day}, {"fullnode_patience", c.FullnodePatience, 100 * time.Millisecond, 10 * time.Second},
	} {
		if d.value < d.min || d.value > d.max {
			bad("auth.%s: %s is not between %s and %s", d.key, d.value, d.min, d.max)
		}
	}
	for _, limit := range []struct {
		key   string
		value int
	}{
		{"challenges_per_minute", c.Limits.ChallengesPerMinute}, {"challenges_address_per_minute", c.Limits.ChallengesAddressPerMinute},
		{"verifies_per_minute", c.Limits.VerifiesPerMinute},
	} {
		if limit.value < 1 || limit.value > 100_000 {
			bad("auth.limits.%s: %d is not between 1 and 100000", limit.key, limit.value)
		}
	}
	for i, node := range c.Fullnodes {
		problems = append(problems, node.Validate(fmt.Sprintf("auth.fullnodes[%d]", i))...)
	}
	if c.FullnodesAgree < 1 || c.FullnodesAgree > max(1, len(c.Fullnodes)) {
		bad("auth.fullnodes_agree: %d is not between 1 and the number of fullnodes", c.FullnodesAgree)
	}
	if c.AddressAliases && len(c.Fullnodes) == 0 {
		bad("auth.address_aliases: needs auth.fullnodes, which know them")
	}
	return problems
}

// Module is the auth room.
type Module struct {
	// OnCustomer is told of every new customer, in the transaction that makes the account.
	OnCustomer func(ctx context.Context, tx pg.Q, id customer.ID) error
	// OnClose are the other rooms' parts in closing an account, in order; main.go sets it.
	OnClose []Closing
	// SendMail sends e-mail, when mail is configured; main.go sets it.
	SendMail func(ctx context.Context, message mail.Message) error
	// Exports are the other rooms' parts of a customer's own copy; main.go sets it.
	Exports []ExportPart

	kit       host.Kit
	config    Config
	domain    string // of the sign-in message
	origin    string
	keys      *keychain
	verifier  sui.Verifier
	operators map[string]bool
	live      *liveSessions
}

// New builds the room. origin is the dashboard's address as the browser sees it, which the sign-in message names.
func New(kit host.Kit, c Config, origin string) (*Module, error) {
	u, err := url.Parse(origin)
	if err != nil {
		return nil, fmt.Errorf("auth: origin %q: %w", origin, err)
	}
	keys, err := newKeychain(c, kit.Log, kit.Now)
	if err != nil {
		return nil, err
	}
	m := &Module{
		kit: kit, config: c, domain: u.Host, origin: origin, keys: keys, operators: map[string]bool{},
		OnCustomer: func(context.Context, pg.Q, customer.ID) error { return nil },
		live:       newLiveSessions(kit.Now),
	}
	if len(c.Fullnodes) > 0 {
		nodes := chain.Config{Network: c.Network, Nodes: c.Fullnodes, Agree: c.FullnodesAgree, Patience: c.FullnodePatience}
		client, err := chain.New(nodes, kit.Now)
		if err != nil {
			return nil, fmt.Errorf("auth.fullnodes: %w", err)
		}
		m.verifier.Chain = client
		if c.AddressAliases {
			m.verifier.Aliases = client
		}
	}
	for _, a := range c.Operators {
		address, err := sui.ParseAddress(a)
		if err != nil {
			return nil, fmt.Errorf("auth.operators: %w", err)
		}
		m.operators[address.String()] = true
	}
	return m, nil
}

// Name is auth.
func (m *Module) Name() string { return "auth" }

// Jobs sweeps what has expired.
func (m *Module) Jobs() []jobs.Job {
	return []jobs.Job{{Name: "auth.sweep", Every: 10 * time.Minute, Run: m.sweep}}
}

// Health is nil: the room needs nothing but the database, which /readyz asks itself.
func (m *Module) Health(context.Context) error { return nil }

// Routes are the room's.
func (m *Module) Routes(r *web.Router) {
	challenges, _, verifies := m.config.Limits.limits()
	web.Post(r, "/challenge", "challenge", web.Anyone, "Ask for the text to sign", m.postChallenge, web.PerIP(challenges))
	web.Post(r, "/verify", "verify", web.Anyone, "Sign in with the signed text", m.postVerify, web.PerIP(verifies))
	web.Post(r, "/refresh", "refresh", web.Anyone, "Renew the session", m.postRefresh)
	web.Post(r, "/logout", "logout", web.Anyone, "End the session", m.postLogout)
	web.Get(r, "/customer", "customer", web.Customer, "Who is signed in", m.getCustomer)
	web.Patch(r, "/customer", "change-customer", web.Customer, "Change your profile", m.patchCustomer)
	web.Post(r, "/customer/email/link", "ask-email-link", web.Customer, "Have a link sent that verifies your e-mail address", m.postEmailLink)
	web.Post(r, "/email/verify", "verify-email", web.Anyone, "Verify an e-mail address with the link that was sent to it", m.postVerifyEmail, web.PerIP(verifyEmailLimit))
	web.Get(r, "/customer/export", "export-customer", web.Customer, "Your own copy of everything kept about you", m.getExport)
	web.Post(r, "/customer/close/challenge", "ask-close-customer", web.Customer, "Ask for the text that closes your account", m.postCloseChallenge)
	web.Post(r, "/customer/close", "close-customer", web.Customer, "Close your account for good, with the signed text", m.postClose)
	web.Get(r, "/sessions", "sessions", web.Customer, "Where you are signed in", m.getSessions)
	web.Delete(r, "/sessions", "end-other-sessions", web.Customer, "Sign out everywhere else", m.deleteOtherSessions)
	web.Delete(r, "/sessions/{session_id}", "end-session", web.Customer, "Sign out one session", m.deleteSession)
}

func (l Limits) limits() (challenges, perAddress, verifies web.Limit) {
	return web.Limit{Name: "challenge", Quota: l.ChallengesPerMinute, Window: time.Minute},
		web.Limit{Name: "challenge-address", Quota: l.ChallengesAddressPerMinute, Window: time.Minute},
		web.Limit{Name: "verify", Quota: l.VerifiesPerMinute, Window: time.Minute}
}
