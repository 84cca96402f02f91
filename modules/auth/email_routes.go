package auth

import (
	"context"
	"fmt"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/web"
)

// A customer may have mail sent to any address, and strangers may guess at tokens: both are bounded.
var (
	emailLinkLimit   = web.Limit{Name: "email-link", Quota: 5, Window: time.Hour}
	verifyEmailLimit = web.Limit{Name: "verify-email", Quota: 10, Window: time.Minute}
)

func (m *Module) postEmailLink(ctx context.Context, _ *struct{}) (*struct{}, error) {
	id := customer.From(ctx)
	if err := web.Take(ctx, emailLinkLimit, fmt.Sprint(id)); err != nil {
		return nil, err
	}
	return nil, m.AskEmailLink(ctx, id)
}

type verifyEmailIn struct {
	Body struct {
		Token string `json:"token" minLength:"1" maxLength:"100" doc:"What stands behind # in the link."`
	}
}

func (m *Module) postVerifyEmail(ctx context.Context, in *verifyEmailIn) (*struct{}, error) {
	return nil, m.VerifyEmail(ctx, in.Body.Token)
}
