package pg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	superuser   = "suiftly" // its only door is the socket, in a folder of mode 0700
	ownDatabase = "suiftly"
	socketName  = ".s.PGSQL.5432"

	startWait    = 5 * time.Minute  // a server that was killed replays its log before it answers
	fastStopWait = 20 * time.Second // a fast stop ends with a checkpoint
)

// Embedded is a private Postgres server: a child of this process, reachable by one unix socket.
//
//	dir/
//	  data/          the cluster, mode 0700, owned by the account that runs the server
//	  run/           the socket, mode 0700 (elsewhere when its path would be too long for a socket)
//	  postgres.log   the server's own log
//	  lock           held while a suiftly uses this folder
type Embedded struct {
	log      *slog.Logger
	dir      string
	url      string
	cmd      *exec.Cmd
	folder   *folder
	stopping atomic.Bool
	done     chan error
	gone     chan struct{}
}

// StartEmbedded starts the server whose cluster lives in dir/data, creating both on the first call, and returns when
// the server answers. It uses the newest installed Postgres for a new cluster and the matching one for an existing
// one; another major version is refused and nothing is ever deleted. Under root the server runs as the cluster's owner
// (postgres, or nobody, for a new one), also in a folder that this account cannot reach. A server left over from a
// killed suiftly is stopped first. ctx bounds the start only.
func StartEmbedded(ctx context.Context, dir string, log *slog.Logger) (*Embedded, error) {
	return start(ctx, dir, log, launchOptions{})
}

// StartThrowaway is StartEmbedded without any care for the data: for tests and demonstrations. When keep is set the
// server outlives this process.
func StartThrowaway(ctx context.Context, dir string, log *slog.Logger, keep bool) (*Embedded, error) {
	return start(ctx, dir, log, launchOptions{throwaway: true, keep: keep})
}

type launchOptions struct{ throwaway, keep bool }

func (o launchOptions) settings() []string {
	s := []string{
		"listen_addresses=", "port=5432", "unix_socket_permissions=0700", "cluster_name=suiftly",
		"logging_collector=off", "log_destination=stderr",
	}
	if o.throwaway {
		s = append(s, "fsync=off", "full_page_writes=off", "synchronous_commit=off", "wal_level=minimal",
			"max_wal_senders=0", "min_wal_size=32MB", "shared_buffers=64MB", "autovacuum=off", "max_connections=300",
			"jit=off", "timezone=UTC", "dynamic_shared_memory_type=mmap")
	}
	return s
}

func start(ctx context.Context, dir string, log *slog.Logger, o launchOptions) (_ *Embedded, err error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, startWait)
		defer cancel()
	}
	f, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.close()
		}
	}()
	fresh, err := f.fresh()
	if err != nil {
		return nil, err
	}
	server, err := pickServer(f)
	if err != nil {
		return nil, err
	}
	if fresh {
		began := time.Now()
		if err := f.initialize(ctx, server); err != nil {
			return nil, err
		}
		log.Info("created the database folder", "folder", f.data, "postgres", server.major, "account", f.account.name,
			"took", time.Since(began).Round(time.Millisecond))
	}
	if err := f.clearOrphan(ctx, log); err != nil {
		return nil, err
	}
	if err := f.openSocketFolder(); err != nil {
		return nil, err
	}
	e := &Embedded{log: log, dir: f.dir, folder: f, done: make(chan error, 1), gone: make(chan struct{})}
	e.url = socketURL(f.socket, ownDatabase)
	if err := e.launch(server, o); err != nil {
		return nil, err
	}
	if err := e.ready(ctx); err != nil {
		e.Stop()
		return nil, err
	}
	return e, nil
}

// launch starts the child and watches it until it ends.
func (e *Embedded) launch(s server, o launchOptions) error {
	logFile, err := openLog(filepath.Join(e.dir, "postgres.log"))
	if err != nil {
		return err
	}
	defer logFile.Close() // the child has its own
	cmd, release, err := e.folder.command(s.path("postgres"), e.folder.data, e.folder.socket)
	if err != nil {
		return err
	}
	defer release()
	cmd.Args = append(cmd.Args, "-D", cmd.dirs[0], "-k", cmd.dirs[1])
	for _, setting := range o.settings() {
		cmd.Args = append(cmd.Args, "-c", setting)
	}
	cmd.Stdout, cmd.Stderr = logFile, logFile
	if !o.keep {
		// A fast stop saves everything; tests want the server gone.
		sig := syscall.SIGINT
		if o.throwaway {
			sig = syscall.SIGQUIT
		}
		dieWithParent(cmd.SysProcAttr, sig)
	}
	e.cmd = cmd.Cmd
	started := make(chan error)
	go func() {
		// The parent-death signal is sent when the starting thread ends, not the process: keep the thread.
		runtime.LockOSThread()
		err := e.cmd.Start()
		started <- err
		if err == nil {
			e.ended(e.cmd.Wait())
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start %s as %s: %w", e.cmd.Path, e.folder.account.name, err)
	}
	return nil
}

func (e *Embedded) ended(err error) {
	if !e.stopping.Load() {
		how := "exit status 0"
		if err != nil {
			how = err.Error()
		}
		e.done <- fmt.Errorf("the embedded Postgres ended by itself (%s); its log %s ends with: %s",
			how, filepath.Join(e.dir, "postgres.log"), lastWords(filepath.Join(e.dir, "postgres.log")))
	}
	close(e.done)
	close(e.gone)
}

// ready waits for the first answer and makes sure that our database exists.
func (e *Embedded) ready(ctx context.Context) error {
	c, err := newConnector(socketURL(e.folder.socket, "postgres"), migrationSettings)
	if err != nil {
		return err
	}
	db := c.pool(1)
	defer db.Close()
	for {
		var exists bool
		err := db.QueryRowContext(ctx, `select exists (select from pg_database where datname = $1)`, ownDatabase).Scan(&exists)
		if err == nil && !exists {
			_, err = db.ExecContext(ctx, `create database `+ownDatabase)
		}
		if err == nil {
			return nil
		}
		if hopeless(err) && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("embedded Postgres: %w", err)
		}
		select {
		case err := <-e.done:
			return err
		case <-ctx.Done():
			return fmt.Errorf("the embedded Postgres did not answer in time (%w); its log ends with: %s",
				ctx.Err(), lastWords(filepath.Join(e.dir, "postgres.log")))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// URL is the address of the server's database "suiftly", for Open and Migrate.
func (e *Embedded) URL() string { return e.url }

// Dir is where the server's folder is.
func (e *Embedded) Dir() string { return e.dir }

// PID is the server's process.
func (e *Embedded) PID() int { return e.cmd.Process.Pid }

// Done delivers an error when the server ends without having been asked to, and is closed when it has ended.
func (e *Embedded) Done() <-chan error { return e.done }

// Stop ends the server: connections are cut, everything committed is on disk. Close the pools before, or their next
// statement fails. It may be called more than once.
func (e *Embedded) Stop() error {
	e.stopping.Store(true)
	defer e.folder.close()
	if e.signal(syscall.SIGINT, fastStopWait) {
		return nil
	}
	// What was committed is in the write-ahead log: the next start replays it.
	e.log.Warn("the embedded Postgres does not stop, ending it at once", "pid", e.cmd.Process.Pid)
	if e.signal(syscall.SIGQUIT, 5*time.Second) || e.signal(syscall.SIGKILL, 5*time.Second) {
		return nil
	}
	return fmt.Errorf("the embedded Postgres (process %d) does not end", e.cmd.Process.Pid)
}

// signal reports whether the server ended within wait.
func (e *Embedded) signal(sig os.Signal, wait time.Duration) bool {
	_ = e.cmd.Process.Signal(sig) // already gone is what we want
	select {
	case <-e.gone:
		return true
	case <-time.After(wait):
		return false
	}
}

func socketURL(socketDir, database string) string {
	q := url.Values{"host": {socketDir}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + database, RawQuery: q.Encode()}).String()
}

const logBytes = 16 << 20

// openLog opens the server's log for appending and starts a new one when it has grown large.
func openLog(file string) (*os.File, error) {
	if st, err := os.Stat(file); err == nil && st.Size() > logBytes {
		_ = os.Rename(file, file+".1")
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("postgres log: %w", err)
	}
	return f, nil
}

// lastWords gives the last lines of a log, for an error message.
func lastWords(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return "(unreadable)"
	}
	if len(b) > 2000 {
		b = b[len(b)-2000:]
	}
	lines := strings.Split(string(bytes.TrimSpace(b)), "\n")
	if len(lines) > 5 {
		lines = lines[len(lines)-5:]
	}
	return strings.Join(lines, " | ")
}
