package web

import (
	"context"
	"reflect"
	"time"

	"github.com/gofiber/fiber/v2"
)

var problemType = reflect.TypeFor[Problem]()

const (
	accessCookie  = "suiftly-access"
	refreshCookie = "suiftly-refresh"
	preAuthCookie = "suiftly-preauth"
	knownCookie   = "suiftly-known"
)

// Session is a pair of tokens as the auth room hands them out.
type Session struct {
	Access, Refresh               string
	AccessExpires, RefreshExpires time.Time
}

// cookieName adds the __Host- prefix, which browsers accept only with Secure, Path=/ and no Domain. On plain-http loopback
// the prefix and Secure are dropped, nothing else.
func (s *Server) cookieName(base string) string {
	if s.secure {
		return "__Host-" + base
	}
	return base
}

// Cookies are set on fiber's response and not through huma, whose fiber adapter joins two Set-Cookie headers into one.
func (e *exchange) setCookie(base, value string, expires time.Time) {
	e.fiber.Cookie(&fiber.Cookie{
		Name: e.server.cookieName(base), Value: value, Path: "/", Expires: expires,
		Secure: e.server.secure, HTTPOnly: true, SameSite: fiber.CookieSameSiteStrictMode,
	})
}

// SetSession gives the caller's browser its session cookies.
func SetSession(ctx context.Context, s Session) {
	e := exchangeFrom(ctx)
	e.setCookie(accessCookie, s.Access, s.AccessExpires)
	e.setCookie(refreshCookie, s.Refresh, s.RefreshExpires)
}

// ClearSession takes the session cookies away.
func ClearSession(ctx context.Context) {
	e := exchangeFrom(ctx)
	e.setCookie(accessCookie, "", time.Unix(0, 0))
	e.setCookie(refreshCookie, "", time.Unix(0, 0))
}

// RefreshToken gives the caller's refresh token, or "".
func RefreshToken(ctx context.Context) string {
	return cookie(ctx, exchangeFrom(ctx).server.cookieName(refreshCookie))
}

// SetPreAuth ties a sign-in challenge to the browser that asked for it.
func SetPreAuth(ctx context.Context, value string, expires time.Time) {
	exchangeFrom(ctx).setCookie(preAuthCookie, value, expires)
}

// PreAuth gives what SetPreAuth set in this browser, or "".
func PreAuth(ctx context.Context) string {
	return cookie(ctx, exchangeFrom(ctx).server.cookieName(preAuthCookie))
}

// SetKnownBrowser leaves a mark in a browser that stays after its session.
func SetKnownBrowser(ctx context.Context, mark string, expires time.Time) {
	exchangeFrom(ctx).setCookie(knownCookie, mark, expires)
}

// KnownBrowser gives what SetKnownBrowser set in this browser, or "".
func KnownBrowser(ctx context.Context) string {
	return cookie(ctx, exchangeFrom(ctx).server.cookieName(knownCookie))
}

func cookie(ctx context.Context, name string) string {
	return exchangeFrom(ctx).fiber.Cookies(name)
}
