package pg

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/netip"
	neturl "net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/lib/pq"
)

// ErrNotEmpty refuses to restore over what is there.
var ErrNotEmpty = errors.New("the database already holds something: a backup is restored into an empty one")

// Dump writes everything in the database at url to w, as one consistent moment, in pg_dump's custom format (compressed).
func Dump(ctx context.Context, url string, w io.Writer) error {
	cmd, err := client(ctx, url, "pg_dump")
	if err != nil {
		return err
	}
	// Owners and grants are the installation's, not the data's: it must restore under another account.
	cmd.Args = append(cmd.Args, "--format=custom", "--no-owner", "--no-privileges", "--no-password", "--lock-wait-timeout=60s")
	cmd.Stdout = w
	return runClient(cmd)
}

// Restore reads what Dump wrote into the empty database at url: everything or nothing.
func Restore(ctx context.Context, url string, r io.Reader) error {
	db, err := Open(ctx, url, 1)
	if err != nil {
		return err
	}
	defer db.Close()
	var relations int
	err = db.GetContext(ctx, &relations, `
		select count(*)
		from pg_catalog.pg_class c
		join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		where n.nspname <> 'information_schema' and n.nspname not like 'pg\_%'`)
	if err != nil {
		return fmt.Errorf("look whether the database is empty: %w", err)
	}
	if relations > 0 {
		return ErrNotEmpty
	}
	cmd, err := client(ctx, url, "pg_restore")
	if err != nil {
		return err
	}
	cmd.Args = append(cmd.Args, "--no-owner", "--no-privileges", "--no-password", "--exit-on-error", "--single-transaction", "--dbname="+database(cmd.Env))
	cmd.Stdin = r
	return runClient(cmd)
}

// Scratch makes an empty database beside the one at url, on the same server. drop takes it away, with its connections.
func Scratch(ctx context.Context, url string) (scratch string, drop func() error, err error) {
	db, err := Open(ctx, url, 1)
	if err != nil {
		return "", nil, err
	}
	name := "suiftly_scratch_" + strings.ToLower(rand.Text()[:10])
	if _, err := db.ExecContext(ctx, "create database "+pq.QuoteIdentifier(name)+" template template0"); err != nil {
		return "", nil, errors.Join(fmt.Errorf("make a scratch database (database.url's user needs the right CREATEDB): %w", err), db.Close())
	}
	drop = func() error {
		ctx := context.WithoutCancel(ctx)
		_, err := db.ExecContext(ctx, "drop database "+pq.QuoteIdentifier(name)+" with (force)")
		return errors.Join(err, db.Close())
	}
	if scratch, err = withDatabase(url, name); err != nil {
		return "", nil, errors.Join(err, drop())
	}
	return scratch, drop, nil
}

// withDatabase is url with another database; the later of two words counts in libpq's key=value form.
func withDatabase(url, name string) (string, error) {
	if !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		return url + " dbname=" + name, nil
	}
	u, err := neturl.Parse(url)
	if err != nil {
		return "", badURL(url, err)
	}
	u.Path = "/" + name
	return u.String(), nil
}

// client gives a Postgres client program that fits the server, with the connection in its environment: arguments can be
// read by every process of the machine.
func client(ctx context.Context, url, program string) (*exec.Cmd, error) {
	c, err := newConnector(url, nil)
	if err != nil {
		return nil, err
	}
	db, err := Open(ctx, url, 1)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var number int
	if err := db.GetContext(ctx, &number, `select current_setting('server_version_num')::int`); err != nil {
		return nil, fmt.Errorf("ask the server's version: %w", err)
	}
	path, err := clientProgram(program, number/10000)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "PG") })
	for name, value := range map[string]string{
		"PGHOST": c.config.Host, "PGPORT": strconv.Itoa(int(c.config.Port)), "PGDATABASE": c.config.Database,
		"PGUSER": c.config.User, "PGPASSWORD": c.config.Password, "PGPASSFILE": c.config.Passfile, "PGAPPNAME": "suiftly " + program,
		"PGSSLMODE": string(c.config.SSLMode), "PGSSLCERT": c.config.SSLCert, "PGSSLKEY": c.config.SSLKey, "PGSSLROOTCERT": c.config.SSLRootCert,
		"PGOPTIONS": "-c timezone=UTC", // partitions' bounds are written in the session's zone
	} {
		if value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	if c.config.Hostaddr != (netip.Addr{}) {
		cmd.Env = append(cmd.Env, "PGHOSTADDR="+c.config.Hostaddr.String())
	}
	return cmd, nil
}

func database(env []string) string {
	for _, pair := range env {
		if name, ok := strings.CutPrefix(pair, "PGDATABASE="); ok {
			return name
		}
	}
	return ""
}

// clientProgram finds the program of the server's major version, or of the nearest newer one: an older pg_dump refuses a
// newer server, and a newer one may write what an older server does not read.
func clientProgram(program string, major int) (string, error) {
	var paths []string
	for _, pattern := range binFolders {
		found, _ := filepath.Glob(filepath.Join(pattern, program))
		paths = append(paths, found...)
	}
	if p, err := exec.LookPath(program); err == nil {
		paths = append(paths, p)
	}
	best, path := 0, ""
	for _, p := range paths {
		out, err := exec.Command(p, "--version").Output()
		m := versionLine.FindSubmatch(out)
		if err != nil || m == nil {
			continue
		}
		if v, _ := strconv.Atoi(string(m[1])); v >= major && (best == 0 || v < best) {
			best, path = v, p
		}
	}
	if best == 0 {
		return "", fmt.Errorf("no %s of version %d is installed here: run `apt-get install -y postgresql-client-%d`", program, major, major)
	}
	return path, nil
}

func runClient(cmd *exec.Cmd) error {
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		if said.Len() > 0 {
			return fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, oneLine(said.String()))
		}
		return fmt.Errorf("%s: %w", filepath.Base(cmd.Path), err)
	}
	return nil
}
