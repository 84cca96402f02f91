package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"

	"suiftly/internal/sui/suitest"
)

// Customer uses the dashboard's API as a browser does: a wallet that signs, and cookies.
type Customer struct {
	ID     int64
	Wallet suitest.Wallet

	base string
	http *http.Client
}

// Key is an API key, as it is shown once.
type Key struct {
	Customer         int64
	Service, ID, Key string
}

// Refusal is an answer that is not a success.
type Refusal struct {
	Status int
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Body   string `json:"-"`
}

func (r *Refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Code, r.Detail) }

// SignIn signs in at the dashboard address base with the wallet; a new address becomes a new customer.
func SignIn(ctx context.Context, base string, w suitest.Wallet) (*Customer, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	c := &Customer{Wallet: w, base: base, http: &http.Client{Jar: jar, Timeout: 15 * time.Second}}
	return c, c.signIn(ctx)
}

func (c *Customer) signIn(ctx context.Context) error {
	var challenge struct {
		ID      string `json:"challenge_id"`
		Message string `json:"message"`
	}
	err := c.once(ctx, http.MethodPost, "/api/v1/auth/challenge", map[string]string{"address": c.Wallet.Address().String()}, &challenge)
	if err != nil {
		return fmt.Errorf("ask for the text to sign: %w", err)
	}
	var session struct {
		Customer struct {
			ID int64 `json:"customer_id"`
		} `json:"customer"`
	}
	err = c.once(ctx, http.MethodPost, "/api/v1/auth/verify", map[string]string{
		"challenge_id": challenge.ID, "message": challenge.Message, "signature": c.Wallet.SignPersonalMessage(challenge.Message),
	}, &session)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	c.ID = session.Customer.ID
	return nil
}

// Call asks the API; body and into are JSON and may be nil. An access token that has expired is renewed once. The error of
// an answered request is a *Refusal.
func (c *Customer) Call(ctx context.Context, method, path string, body, into any) error {
	err := c.once(ctx, method, path, body, into)
	if refused, ok := err.(*Refusal); ok && refused.Status == http.StatusUnauthorized {
		if c.once(ctx, http.MethodPost, "/api/v1/auth/refresh", nil, nil) == nil {
			err = c.once(ctx, method, path, body, into)
		}
	}
	return err
}

func (c *Customer) once(ctx context.Context, method, path string, body, into any) error {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, sent)
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 8<<20))
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		refused := &Refusal{Body: string(text)}
		_ = json.Unmarshal(text, refused) // a proxy's own page has no code
		refused.Status = answer.StatusCode
		return refused
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// Buy saves a first configuration of a service and switches it on.
func (c *Customer) Buy(ctx context.Context, service string, config map[string]any) error {
	err := c.Call(ctx, http.MethodPut, "/api/v1/services/"+service+"/config", map[string]any{"version": 0, "config": config}, nil)
	if err != nil {
		return fmt.Errorf("configure %s: %w", service, err)
	}
	if err := c.Call(ctx, http.MethodPost, "/api/v1/services/"+service+"/enable", nil, nil); err != nil {
		return fmt.Errorf("enable %s: %w", service, err)
	}
	return nil
}

// NewKey makes an API key.
func (c *Customer) NewKey(ctx context.Context, service, name string) (Key, error) {
	var made struct {
		APIKey struct {
			ID string `json:"key_id"`
		} `json:"api_key"`
		Key string `json:"key"`
	}
	err := c.Call(ctx, http.MethodPost, "/api/v1/services/api-keys", map[string]string{"service": service, "name": name}, &made)
	if err != nil {
		return Key{}, fmt.Errorf("make an API key for %s: %w", service, err)
	}
	return Key{Customer: c.ID, Service: service, ID: made.APIKey.ID, Key: made.Key}, nil
}

// Cookies are the customer's session, for somebody who asks in the customer's name.
func (c *Customer) Cookies() []*http.Cookie {
	at, err := url.Parse(c.base)
	if err != nil { // it signed in there
		return nil
	}
	return c.http.Jar.Cookies(at)
}
