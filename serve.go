package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/backup"
	"suiftly/internal/edge"
	"suiftly/internal/host"
	"suiftly/internal/jobs"
	"suiftly/internal/pg"
	"suiftly/internal/web"
)

// database is the database section of config.yaml.
type database struct {
	URL            string `koanf:"url" secret:"true"`
	DataDir        string `koanf:"data_dir"`
	MaxConns       int    `koanf:"max_conns"`
	MigrateOnStart bool   `koanf:"migrate_on_start"`
}

// Validate gives every problem of the section.
func (d database) Validate() (problems []error) {
	if d.URL == "" && d.DataDir == "" {
		problems = append(problems, errors.New("database.data_dir: required without database.url: where the embedded database lives"))
	}
	if d.MaxConns < 4 || d.MaxConns > 200 {
		problems = append(problems, fmt.Errorf("database.max_conns: %d is not between 4 and 200", d.MaxConns))
	}
	return problems
}

// logging is the log section of config.yaml.
type logging struct {
	Level  string `koanf:"level"`
	Format string `koanf:"format"`
}

// Validate gives every problem of the section.
func (l logging) Validate() (problems []error) {
	if err := new(slog.Level).UnmarshalText([]byte(l.Level)); err != nil {
		problems = append(problems, fmt.Errorf("log.level: %q is not debug, info, warn or error", l.Level))
	}
	if l.Format != "text" && l.Format != "json" {
		problems = append(problems, fmt.Errorf("log.format: %q is not text or json", l.Format))
	}
	return problems
}

func (l logging) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(l.Level)) // checked by Validate
	options := &slog.HandlerOptions{Level: level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// store is the database of a command: a real server, or the embedded one that stops with the command.
type store struct {
	url      string
	db       *sqlx.DB
	embedded *pg.Embedded
}

func openStore(ctx context.Context, s *settings, log *slog.Logger) (*store, error) {
	st := &store{url: s.Database.URL}
	if st.url == "" {
		dir, err := filepath.Abs(s.Database.DataDir)
		if err != nil {
			return nil, fmt.Errorf("database.data_dir: %w", err)
		}
		if st.embedded, err = pg.StartEmbedded(ctx, dir, log); err != nil {
			return nil, err
		}
		st.url = st.embedded.URL()
		if len(s.Auth.SigningKeys) == 0 && s.Auth.SigningKeyFile == "" {
			if s.Auth.SigningKeyFile, err = ownKey(dir); err != nil {
				return nil, errors.Join(err, st.close())
			}
		}
	}
	var err error
	if st.db, err = pg.Open(ctx, st.url, s.Database.MaxConns); err != nil {
		return nil, errors.Join(err, st.close())
	}
	return st, nil
}

// ownKey makes the signing key of a single replica with an embedded database, once. Replicas that share a database must
// share a key, so there it is configured.
func ownKey(dir string) (string, error) {
	path := filepath.Join(dir, "signing.key")
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return "", fmt.Errorf("make a signing key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return path, nil
	}
	if err != nil {
		return "", fmt.Errorf("keep the signing key: %w", err)
	}
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	return path, errors.Join(err, f.Sync(), f.Close())
}

func (st *store) close() (err error) {
	if st.db != nil {
		err = st.db.Close()
	}
	if st.embedded != nil {
		err = errors.Join(err, st.embedded.Stop())
	}
	return err
}

func serve(ctx context.Context, args []string, out io.Writer) error {
	file, rest, err := flags("serve", args, out, nil)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return wrongUse{fmt.Errorf("unexpected argument %q", rest[0])}
	}
	s, err := load(file)
	if err != nil {
		return err
	}
	log := s.Log.logger(os.Stderr)
	return openHouse(ctx, s, log, replica{})
}

// replica is what a demo or a test changes about serve.
type replica struct {
	devWallet []byte               // a script for the dashboard's page
	opened    func(address string) // told when requests are answered
}

// openHouse runs one replica until it is told to stop.
func openHouse(ctx context.Context, s settings, log *slog.Logger, r replica) (err error) {
	st, err := openStore(ctx, &s, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	if s.Database.MigrateOnStart {
		if err := pg.Migrate(ctx, st.url, migrations()); err != nil {
			return fmt.Errorf("bring the database to this version: %w", err)
		}
	}
	server := web.New(s.Web, st.db, log, time.Now, version)
	kit := host.Kit{DB: st.db, Log: log, Now: time.Now, Metrics: server.Metrics()}
	h, err := rooms(kit, s, edge.New(s.Edge, log))
	if err != nil {
		return err
	}
	server.Authenticate, server.Agent = h.auth.Authenticate, s.Edge.Agent
	work, err := allJobs(s, st.url, h, server, log)
	if err != nil {
		return err
	}
	// Job locks live on connections of their own: the pool would hand a locked one to somebody else.
	locks, err := pg.Open(ctx, st.url, 1+len(work))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, locks.Close()) }()
	name, _ := os.Hostname()
	house := &host.House{
		Kit: kit, Web: server, Modules: h.modules(), Listen: s.Web.Listen, DrainWait: s.Web.DrainWait,
		Migrations: migrations(), Opened: r.opened,
		Jobs: jobs.New(st.db, locks, log, time.Now, fmt.Sprintf("%s:%d", name, os.Getpid())),
	}
	if st.embedded != nil {
		house.Lost = st.embedded.Done()
	}
	kit.Measure(house.Jobs.Metrics()...)
	house.Mount()
	meta(server, s)
	house.Jobs.Add(work...)
	if err := server.Finish(sub(dist, "ui/dist"), r.devWallet); err != nil {
		return err
	}
	return house.Run(ctx)
}

// allJobs are the rooms' and those of the house itself.
func allJobs(s settings, url string, h house, server *web.Server, log *slog.Logger) ([]jobs.Job, error) {
	all := []jobs.Job{
		h.outbox.Job(),
		{Name: "ops.sweep_idempotency_keys", Every: time.Hour, Run: func(ctx context.Context, run jobs.Run) error {
			return server.SweepKeys(ctx, run.Due)
		}},
		{Name: "ops.sweep_rate_limits", Every: 10 * time.Minute, Run: func(ctx context.Context, run jobs.Run) error {
			return server.SweepLimits(ctx, run.Due)
		}},
	}
	vault, err := backup.Open(s.Backup, version)
	if err != nil {
		return nil, err
	}
	if vault != nil {
		all = append(all, backupJob(s, url, vault, log))
	}
	for _, m := range h.modules() {
		all = append(all, m.Jobs()...)
	}
	return all, nil
}

func openAPI(_ context.Context, args []string, out io.Writer) error {
	if _, _, err := flags("openapi", args, out, nil); err != nil {
		return err
	}
	spec, err := apiDescription()
	if err != nil {
		return err
	}
	_, err = out.Write(spec)
	return err
}

// apiDescription builds the house without opening it: the description depends on no configuration and no database.
func apiDescription() ([]byte, error) {
	s := defaults()
	s.Auth.SigningKeys = []string{strings.Repeat("x", 32)} // never used: nothing is served
	s.Web.PublicURL = "https://suiftly.example"
	kit := host.Kit{Log: slog.New(slog.DiscardHandler), Now: time.Now}
	h, err := rooms(kit, s, nil)
	if err != nil {
		return nil, err
	}
	server := web.New(s.Web, nil, kit.Log, time.Now, "1")
	for _, m := range h.modules() {
		m.Routes(server.Room(m.Name()))
	}
	meta(server, s)
	return server.OpenAPI()
}

func healthcheck(ctx context.Context, args []string, out io.Writer) error {
	file, rest, err := flags("healthcheck", args, out, nil)
	if err != nil {
		return err
	}
	target := ""
	if len(rest) > 0 {
		target = strings.TrimSuffix(rest[0], "/") + "/readyz"
	} else {
		s, err := load(file)
		if err != nil {
			return err
		}
		target = "http://" + s.Web.Listen + "/readyz"
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return wrongUse{fmt.Errorf("%q is not an address such as http://127.0.0.1:8080", rest[0])}
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%s does not answer: %w", target, err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(answer.Body, 1024))
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d: %s", target, answer.StatusCode, bytes.TrimSpace(body))
	}
	_, err = fmt.Fprintln(out, "ready")
	return err
}
