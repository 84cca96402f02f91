package pg

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// minMajor is the oldest Postgres that our migrations run on: `nulls not distinct` came with 15.
const minMajor = 15

// sessionSettings are SET on every new connection rather than sent as startup parameters, because pgbouncer refuses
// startup parameters that it does not know.
var sessionSettings = map[string]string{
	"timezone":                            "UTC",
	"statement_timeout":                   "60s",
	"idle_in_transaction_session_timeout": "60s", // a frozen process must not hold row locks for ever
	"tcp_keepalives_idle":                 "30",  // without these a cut link keeps a session's locks for two hours
	"tcp_keepalives_interval":             "10",
	"tcp_keepalives_count":                "3",
	"client_connection_check_interval":    "2s",  // a killed client's long statement ends too
	"jit":                                 "off", // compiling cost the meter 0.4 s a million rows more than it saved
}

// migrationSettings let one statement take the time that it needs.
var migrationSettings = map[string]string{
	"timezone":                         "UTC",
	"tcp_keepalives_idle":              "30",
	"tcp_keepalives_interval":          "10",
	"tcp_keepalives_count":             "3",
	"client_connection_check_interval": "2s",
}

// connector opens connections and gives each its session settings.
type connector struct {
	*pq.Connector
	config pq.Config
	setup  string
}

func newConnector(url string, settings map[string]string) (*connector, error) {
	config, err := pq.NewConfig(url)
	if err != nil {
		return nil, badURL(url, err)
	}
	if config.SSLMode == "" {
		// lib/pq's own default insists on TLS, which no local server offers.
		config.SSLMode = pq.SSLModeRequire
		if loopback(config) {
			config.SSLMode = pq.SSLModePrefer
		}
	}
	if config.ApplicationName == "" {
		config.ApplicationName = "suiftly"
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	inner, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, badURL(url, err)
	}
	inner.Dialer(dialer{&net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 3,
	}}})
	var set []string
	for name, value := range settings {
		if _, named := config.Runtime[name]; !named {
			set = append(set, "set "+name+" = "+pq.QuoteLiteral(value))
		}
	}
	sort.Strings(set)
	return &connector{Connector: inner, config: config, setup: strings.Join(set, "; ")}, nil
}

// Connect is called by database/sql for every new connection of the pool.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.(driver.ExecerContext).ExecContext(ctx, c.setup, nil); err != nil {
		conn.Close()
		return nil, fmt.Errorf("set up session: %w", err)
	}
	return conn, nil
}

// String names the database without user and password.
func (c *connector) String() string {
	where := net.JoinHostPort(c.config.Host, fmt.Sprint(c.config.Port))
	if strings.HasPrefix(c.config.Host, "/") {
		where = c.config.Host
	}
	return fmt.Sprintf("%q at %s", c.config.Database, where)
}

func (c *connector) unreachable(err error) error {
	var p *pq.Error
	switch {
	case errors.As(err, &p) && (p.Code == pqerror.InvalidPassword || p.Code == pqerror.InvalidAuthorizationSpecification):
		return fmt.Errorf("database %s refuses user %q: %s", c, c.config.User, p.Message)
	case errors.As(err, &p) && p.Code == pqerror.InvalidCatalogName:
		return fmt.Errorf("database %s does not exist on that server: create it, or correct database.url", c)
	case errors.As(err, &p):
		return fmt.Errorf("database %s is not ready: %s", c, p.Message)
	case errors.Is(err, pq.ErrSSLNotSupported):
		return fmt.Errorf("database %s offers no TLS: add sslmode=disable to database.url if the network in between is yours", c)
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("database %s is not reachable: no Postgres listens there", c)
	}
	reason := err.Error()
	if c.config.Password != "" {
		reason = strings.ReplaceAll(reason, c.config.Password, "***")
	}
	return fmt.Errorf("database %s is not reachable: %s", c, reason)
}

// badURL never quotes the text that it could not read: a mistyped url is where passwords end up in logs.
func badURL(url string, err error) error {
	if unsupported, ok := strings.CutPrefix(err.Error(), "pq: environment variable "); ok {
		return errors.New("environment variable " + unsupported)
	}
	if _, rest, ok := strings.Cut(err.Error(), "pq: wrong value for $"); ok {
		name, _, _ := strings.Cut(rest, ":")
		return fmt.Errorf("environment variable $%s has a wrong value", name)
	}
	const wrong = `pq: wrong value for "`
	if _, rest, ok := strings.Cut(err.Error(), wrong); ok {
		if name, _, ok := strings.Cut(rest, `"`); ok {
			return fmt.Errorf("database.url has a wrong value for %q", name)
		}
	}
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		return errors.New("database.url is not a valid postgres:// address: write / # ? @ : and % inside the password as %2F %23 %3F %40 %3A and %25")
	}
	return errors.New("database.url is neither postgres://user:password@host:5432/name nor host=… user=… dbname=…")
}

// hopeless reports an answer that waiting does not change.
func hopeless(err error) bool {
	var p *pq.Error
	if errors.As(err, &p) {
		switch p.Code.Class() {
		case "08", "53", "57": // connection lost, too many clients, starting or stopping
			return false
		}
		return true
	}
	return errors.Is(err, pq.ErrSSLNotSupported) || errors.Is(err, os.ErrPermission)
}

func loopback(c pq.Config) bool {
	if filepath.IsAbs(c.Host) || c.Host == "localhost" || c.Host == "" {
		return true
	}
	ip := net.ParseIP(c.Host)
	return ip != nil && ip.IsLoopback()
}

// dialer is lib/pq's dialer with TCP keepalives that notice a dead server in a minute instead of minutes.
type dialer struct{ *net.Dialer }

func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}
