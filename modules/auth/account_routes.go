package auth

import (
	"context"
	"time"

	"github.com/google/uuid"

	"suiftly/internal/audit"
	"suiftly/internal/customer"
	"suiftly/internal/stepup"
	"suiftly/internal/web"
)

type customerProfile struct {
	ID              customer.ID `json:"customer_id"`
	Address         string      `json:"address"`
	Status          string      `json:"status" enum:"active,suspended,closed"`
	SuspendedReason string      `json:"suspended_reason,omitempty" doc:"Why the account is suspended: nonpayment is resumed by paying."`
	Operator        bool        `json:"operator"`
	CreatedAt       time.Time   `json:"created_at"`
	Name            string      `json:"name" doc:"What the customer wants to be called; may be empty."`
	Email           string      `json:"email" doc:"May be empty."`
	EmailState      string      `json:"email_state" enum:"none,unverified,verified" doc:"unverified: nothing is sent to it but the link that verifies it."`
	EmailLinks      bool        `json:"email_links" doc:"Whether this installation can send that link."`
	Preferences     Preferences `json:"preferences"`
	Version         int64       `json:"version" doc:"Send it with a change; 409 when another change came first."`
}

func (m *Module) profile(c Customer) customerProfile {
	p := customerProfile{
		ID: c.ID, Address: c.Address, Status: c.Status, SuspendedReason: c.SuspendedReason, Operator: m.operators[c.Address], CreatedAt: c.CreatedAt.UTC(),
		Name: c.Name, Email: c.Email, EmailState: "unverified", EmailLinks: m.SendMail != nil, Preferences: c.Preferences, Version: c.Version,
	}
	switch {
	case c.Email == "":
		p.EmailState = "none"
	case c.EmailVerifiedAt.Valid:
		p.EmailState = "verified"
	}
	return p
}

type customerOut struct {
	Body customerProfile
}

func (m *Module) getCustomer(ctx context.Context, _ *struct{}) (*customerOut, error) {
	c, err := m.Customer(ctx, customer.From(ctx))
	return &customerOut{m.profile(c)}, err
}

type patchCustomerIn struct {
	Body customerChange
}

type customerChange struct {
	Version     int64              `json:"version" minimum:"1" doc:"The version that the change was made from."`
	Name        *string            `json:"name,omitempty" maxLength:"200"`
	Email       *string            `json:"email,omitempty" maxLength:"320" doc:"Empty takes it away."`
	Preferences *preferencesChange `json:"preferences,omitempty"`
}

type preferencesChange struct {
	Theme          *string            `json:"theme,omitempty" enum:"system,light,dark"`
	TimeZone       *string            `json:"time_zone,omitempty" maxLength:"64"`
	PinnedServices *[]string          `json:"pinned_services,omitempty" maxItems:"20" doc:"Replaces the list."`
	DefaultViews   *map[string]string `json:"default_views,omitempty" doc:"Replaces all of them."`
}

func (m *Module) patchCustomer(ctx context.Context, in *patchCustomerIn) (*customerOut, error) {
	change := ProfileChange{Name: in.Body.Name, Email: in.Body.Email}
	if p := in.Body.Preferences; p != nil {
		change.Theme, change.TimeZone, change.PinnedServices, change.DefaultViews = p.Theme, p.TimeZone, p.PinnedServices, p.DefaultViews
	}
	c, err := m.ChangeProfile(ctx, customer.From(ctx), in.Body.Version, change)
	return &customerOut{m.profile(c)}, err
}

type sessionsOut struct {
	Body struct {
		Sessions []customerSession `json:"sessions"`
	}
}

type customerSession struct {
	ID         uuid.UUID `json:"session_id"`
	Current    bool      `json:"current" doc:"The session that asks."`
	UserAgent  string    `json:"user_agent" doc:"As the browser called itself when it signed in."`
	IPPrefix   string    `json:"ip_prefix" doc:"The network it signed in from: /24 of IPv4, /48 of IPv6."`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at" doc:"When it was last renewed, which an open dashboard does every 15 minutes."`
	ExpiresAt  time.Time `json:"expires_at" doc:"If it is not used again."`
}

func (m *Module) getSessions(ctx context.Context, _ *struct{}) (*sessionsOut, error) {
	who := customer.IdentityFrom(ctx)
	devices, err := m.Devices(ctx, m.kit.DB, who.ID)
	out := &sessionsOut{}
	out.Body.Sessions = shownDevices(devices, who.SessionID)
	return out, err
}

func shownDevices(devices []Device, current string) []customerSession {
	shown := make([]customerSession, len(devices))
	for i, d := range devices {
		shown[i] = customerSession{
			ID: d.Session, Current: d.Session.String() == current, UserAgent: d.UserAgent, IPPrefix: d.IPPrefix,
			CreatedAt: d.CreatedAt.UTC(), LastUsedAt: d.LastUsedAt.UTC(), ExpiresAt: d.ExpiresAt.UTC(),
		}
	}
	return shown
}

type sessionIn struct {
	ID uuid.UUID `path:"session_id"`
}

func (m *Module) deleteSession(ctx context.Context, in *sessionIn) (*struct{}, error) {
	who := customer.IdentityFrom(ctx)
	err := m.EndSession(ctx, who.ID, in.ID)
	if err == nil && in.ID.String() == who.SessionID {
		web.ClearSession(ctx)
	}
	return nil, err
}

type sessionsEndedOut struct {
	Body struct {
		Ended int `json:"ended" doc:"How many sessions were ended."`
	}
}

func (m *Module) deleteOtherSessions(ctx context.Context, _ *struct{}) (*sessionsEndedOut, error) {
	who := customer.IdentityFrom(ctx)
	out := &sessionsEndedOut{}
	var err error
	out.Body.Ended, err = m.EndOtherSessions(ctx, who.ID, who.SessionID)
	return out, err
}

type closeChallengeOut struct {
	Body stepup.ChangeChallenge
}

func (m *Module) postCloseChallenge(ctx context.Context, _ *struct{}) (*closeChallengeOut, error) {
	change, err := m.closeChange(ctx, customer.From(ctx))
	if err != nil {
		return nil, err
	}
	c, err := m.askApproval(ctx, change)
	return &closeChallengeOut{c}, err
}

type closeIn struct {
	Body stepup.ChangeProof
}

func (m *Module) postClose(ctx context.Context, in *closeIn) (*struct{}, error) {
	err := m.CloseAccount(ctx, &in.Body)
	if err == nil {
		web.ClearSession(ctx)
	}
	return nil, err
}

type exportOut struct {
	Disposition string `header:"Content-Disposition"`
	Body        customerExport
}

type customerExport struct {
	At       time.Time          `json:"exported_at"`
	Customer customerProfile    `json:"customer"`
	Sessions []customerSession  `json:"sessions"`
	Signed   []customerApproval `json:"signed_changes" doc:"Every change your wallet signed, word for word."`
	Changes  []audit.Row        `json:"changes" doc:"Every change to your account, newest first."`
	Rooms    map[string]any     `json:"rooms" doc:"What each other part of the product keeps about you."`
}

type customerApproval struct {
	ID         int64     `json:"evidence_id"`
	Purpose    string    `json:"purpose"`
	Message    string    `json:"message"`
	Signature  string    `json:"signature"`
	Scheme     string    `json:"scheme"`
	ApprovedAt time.Time `json:"approved_at"`
}

func (m *Module) getExport(ctx context.Context, _ *struct{}) (*exportOut, error) {
	who := customer.IdentityFrom(ctx)
	e, err := m.Export(ctx, who.ID)
	if err != nil {
		return nil, err
	}
	out := &exportOut{
		Disposition: `attachment; filename="suiftly-` + e.At.Format("2006-01-02") + `.json"`,
		Body: customerExport{
			At: e.At, Customer: m.profile(e.Customer), Sessions: shownDevices(e.Devices, who.SessionID),
			Signed: make([]customerApproval, len(e.Signed)), Changes: append([]audit.Row{}, e.Changes...), Rooms: e.Rooms,
		},
	}
	for i, s := range e.Signed {
		out.Body.Signed[i] = customerApproval{s.ID, s.Purpose, s.Message, s.Signature, s.Scheme, s.ApprovedAt.UTC()}
	}
	return out, nil
}
