package auth

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // time zones are checked by name, also where the machine has no list of them
	"unicode"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/audit"
	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/pg"
)

// The refusals of profiles.
var (
	ErrBadProfile     = fault.New(fault.Invalid, "auth.bad_profile", "This profile cannot be saved: see the fields.")
	ErrProfileChanged = fault.New(fault.Conflict, "auth.profile_changed", "The profile was changed meanwhile, perhaps in another tab. Load it again, then repeat your change.")
)

// Profile is what customers say about themselves.
type Profile struct {
	Name            string       `db:"name"`
	Email           string       `db:"email"`
	EmailVerifiedAt sql.NullTime `db:"email_verified_at"` // null after every change of Email
	Preferences     Preferences  `db:"preferences"`
	Version         int64        `db:"version"` // rises with every change
}

// Preferences are how the dashboard looks to its owner.
type Preferences struct {
	Theme          string            `json:"theme" enum:"system,light,dark"`
	TimeZone       string            `json:"time_zone" doc:"For display: an IANA name such as Europe/Rome; empty: the browser's."`
	PinnedServices []string          `json:"pinned_services" doc:"Service names, in the order shown."`
	DefaultViews   map[string]string `json:"default_views" doc:"The saved view of each page: the query part of its address, by the page's name."`
}

// Scan reads the column; what an older version did not write has its default.
func (p *Preferences) Scan(column any) error {
	text, ok := column.([]byte)
	if !ok {
		return fmt.Errorf("preferences are %T", column)
	}
	*p = Preferences{Theme: "system", PinnedServices: []string{}, DefaultViews: map[string]string{}}
	if err := json.Unmarshal(text, p); err != nil {
		return fmt.Errorf("read preferences: %w", err)
	}
	return nil
}

// Value is the column.
func (p Preferences) Value() (driver.Value, error) {
	text, err := json.Marshal(p)
	return string(text), err
}

// ProfileChange names what changes; nil stays.
type ProfileChange struct {
	Name, Email, Theme, TimeZone *string
	PinnedServices               *[]string
	DefaultViews                 *map[string]string
}

// ChangeProfile changes the customer's profile, made from the version that the customer saw. Errors: ErrBadProfile with its
// fields, ErrProfileChanged when another version is the current one.
func (m *Module) ChangeProfile(ctx context.Context, id customer.ID, version int64, change ProfileChange) (c Customer, err error) {
	err = pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		var err error
		if c, err = lockCustomer(ctx, tx, id); err != nil {
			return fmt.Errorf("read account: %w", err)
		}
		if c.Version != version {
			return ErrProfileChanged
		}
		after, changed, problems := change.apply(c.Profile)
		if len(problems) > 0 {
			return ErrBadProfile.With(problems...)
		}
		if len(changed) == 0 {
			return nil
		}
		if c.Profile, err = after, saveProfile(ctx, tx, id, after); err != nil {
			return fmt.Errorf("save profile: %w", err)
		}
		// Only which fields: the entry outlives the account, and names and e-mail addresses must not.
		return audit.Write(ctx, tx, audit.Entry{Action: "auth.profile_changed", Subject: "profile", Customer: id, Detail: map[string]any{"fields": changed, "version": after.Version}})
	})
	return c, err
}

// apply gives the profile with the change made, the names of the fields that are different, and what is wrong with them.
func (change ProfileChange) apply(p Profile) (after Profile, changed []string, problems []fault.Field) {
	after = p
	text := func(field string, to *string, into *string, check func(string) (string, error)) {
		if to == nil {
			return
		}
		clean, err := check(*to)
		if err != nil {
			problems = append(problems, fault.Field{Name: field, Message: err.Error()})
			return
		}
		if clean != *into {
			*into, changed = clean, append(changed, field)
		}
	}
	text("name", change.Name, &after.Name, cleanName)
	text("email", change.Email, &after.Email, cleanEmail)
	text("preferences.theme", change.Theme, &after.Preferences.Theme, cleanTheme)
	text("preferences.time_zone", change.TimeZone, &after.Preferences.TimeZone, cleanTimeZone)
	if after.Email != p.Email {
		after.EmailVerifiedAt = sql.NullTime{} // whoever read the old mailbox says nothing about the new one
	}
	if pins := change.PinnedServices; pins != nil {
		if err := checkPins(*pins); err != nil {
			problems = append(problems, fault.Field{Name: "preferences.pinned_services", Message: err.Error()})
		} else if !slices.Equal(*pins, p.Preferences.PinnedServices) {
			after.Preferences.PinnedServices, changed = *pins, append(changed, "preferences.pinned_services")
		}
	}
	if views := change.DefaultViews; views != nil {
		if err := checkViews(*views); err != nil {
			problems = append(problems, fault.Field{Name: "preferences.default_views", Message: err.Error()})
		} else if !maps.Equal(*views, p.Preferences.DefaultViews) {
			after.Preferences.DefaultViews, changed = *views, append(changed, "preferences.default_views")
		}
	}
	if len(changed) > 0 {
		after.Version++
	}
	return after, changed, problems
}

func cleanName(name string) (string, error) {
	name = strings.TrimSpace(name)
	switch {
	case utf8.RuneCountInString(name) > 100:
		return "", errors.New("at most 100 characters")
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError }):
		// Cf holds what turns the direction of text around: a name must not rewrite the line it stands in.
		return "", errors.New("only visible characters and blanks")
	}
	return name, nil
}

func cleanEmail(email string) (string, error) {
	email = strings.TrimSpace(email)
	if email == "" {
		return "", nil
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || parsed.Name != "" || len(email) > 254 || strings.ContainsAny(email, "\"\r\n<> ") {
		return "", errors.New("not an e-mail address such as name@example.com")
	}
	local, domain, _ := strings.Cut(email, "@")
	if !strings.Contains(domain, ".") || strings.HasPrefix(domain, "[") {
		return "", errors.New("not an e-mail address such as name@example.com")
	}
	return local + "@" + strings.ToLower(domain), nil
}

func cleanTheme(theme string) (string, error) {
	if !slices.Contains([]string{"system", "light", "dark"}, theme) {
		return "", errors.New("system, light or dark")
	}
	return theme, nil
}

func cleanTimeZone(zone string) (string, error) {
	if zone == "" {
		return "", nil
	}
	// LoadLocation knows "Local" too, which would be the server's.
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" || len(zone) > 64 {
		return "", errors.New("an IANA time zone such as Europe/Rome, or empty")
	}
	return zone, nil
}

var (
	serviceName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,30}$`)
	viewName    = regexp.MustCompile(`^[a-z][a-z0-9_./-]{0,39}$`)
)

func checkPins(pins []string) error {
	seen := map[string]bool{}
	for _, name := range pins {
		if !serviceName.MatchString(name) || seen[name] {
			return errors.New("service names, each once")
		}
		seen[name] = true
	}
	if len(pins) > 20 {
		return errors.New("at most 20")
	}
	return nil
}

func checkViews(views map[string]string) error {
	if len(views) > 20 {
		return errors.New("at most 20")
	}
	for name, query := range views {
		if !viewName.MatchString(name) {
			return errors.New("page names are lower-case letters, digits and ._/-")
		}
		if len(query) > 500 || strings.ContainsFunc(query, func(r rune) bool { return r <= ' ' || r > '~' || r == '#' }) {
			return errors.New("a view is the query part of an address, at most 500 characters")
		}
	}
	return nil
}
