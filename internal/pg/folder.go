package pg

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// socketPathBytes is what fits in sockaddr_un.sun_path on Linux beside its final zero (unix(7)).
const socketPathBytes = 107

// folder is the place of an embedded server, locked against a second suiftly.
type folder struct {
	dir, data string
	socket    string // folder of the socket
	ownSocket bool   // the socket's folder is outside dir and goes away with the server
	major     int    // of the Postgres that wrote data, 0 when there is no cluster yet
	account   account
	lock      *os.File
}

// account is who runs the server. Postgres refuses to run as root.
type account struct {
	name     string
	uid, gid int
	drop     bool // we are root and must become it
}

func openFolder(dir string) (_ *folder, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("database folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("database folder: %w", err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, fmt.Errorf("database folder: %w", err)
	}
	f := &folder{dir: dir, data: filepath.Join(dir, "data")}
	if f.lock, err = os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, fmt.Errorf("database folder: %w", err)
	}
	if err := syscall.Flock(int(f.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.lock.Close()
		return nil, fmt.Errorf("another suiftly is using the database folder %s: stop it, or give this one another folder", dir)
	}
	return f, nil
}

// close gives the folder free for the next suiftly.
func (f *folder) close() {
	if f.ownSocket {
		_ = os.RemoveAll(f.socket)
	}
	// Closing alone would leave the lock to a child that is just being started and has not closed its copy yet.
	_ = syscall.Flock(int(f.lock.Fd()), syscall.LOCK_UN)
	f.lock.Close()
}

// fresh reports whether there is no cluster yet, and settles account and major. It changes nothing but remains of an
// initialization that was cut off.
func (f *folder) fresh() (bool, error) {
	st, err := os.Stat(f.data)
	if err == nil {
		// An empty folder, such as a mounted volume's, counts as none.
		if entries, err := os.ReadDir(f.data); err == nil && len(entries) == 0 && os.Remove(f.data) == nil {
			st = nil
		}
	} else if errors.Is(err, fs.ErrNotExist) {
		st = nil
	} else {
		return false, fmt.Errorf("database folder: %w", err)
	}
	if f.account, err = accountFor(f.data, st); err != nil || st == nil {
		return true, err
	}
	b, err := os.ReadFile(filepath.Join(f.data, "PG_VERSION"))
	if err != nil {
		return false, fmt.Errorf("%s is not a Postgres data folder (%w): move it away, or give suiftly another folder", f.data, err)
	}
	if f.major, err = strconv.Atoi(strings.TrimSpace(string(b))); err != nil {
		return false, fmt.Errorf("%s does not name a Postgres version: %q", filepath.Join(f.data, "PG_VERSION"), b)
	}
	return false, nil
}

// accountFor finds who runs the server: we ourselves, or under root the owner of the cluster, or for a new one the
// account that the Postgres package made.
func accountFor(data string, st os.FileInfo) (account, error) {
	me := os.Geteuid()
	if me != 0 {
		if st != nil && int(st.Sys().(*syscall.Stat_t).Uid) != me {
			return account{}, fmt.Errorf("%s belongs to %s: run suiftly as that user or as root", data, userName(int(st.Sys().(*syscall.Stat_t).Uid)))
		}
		return account{name: userName(me), uid: me, gid: os.Getegid()}, nil
	}
	if st != nil {
		owner := st.Sys().(*syscall.Stat_t)
		if owner.Uid == 0 {
			return account{}, fmt.Errorf("%s belongs to root, as whom Postgres does not run: `chown -R postgres %s` gives it to the account postgres", data, data)
		}
		return account{name: userName(int(owner.Uid)), uid: int(owner.Uid), gid: int(owner.Gid), drop: true}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.Atoi(u.Uid)
			gid, _ := strconv.Atoi(u.Gid)
			return account{name: name, uid: uid, gid: gid, drop: true}, nil
		}
	}
	return account{}, errors.New("a Postgres server does not run as root and there is no account postgres or nobody here: run suiftly as an ordinary user")
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return fmt.Sprintf("user %d", uid)
}

// initialize makes the cluster. It grows beside its place and is moved there when it is complete and on disk, so that
// a crash half way leaves nothing that looks like a cluster.
func (f *folder) initialize(ctx context.Context, s server) error {
	tmp := f.data + ".tmp"
	if err := os.RemoveAll(tmp); err != nil {
		return fmt.Errorf("remains of an earlier start: %w", err)
	}
	if err := os.Mkdir(tmp, 0o700); err != nil {
		return fmt.Errorf("database folder: %w", err)
	}
	if err := f.own(tmp); err != nil {
		return err
	}
	out, err := f.initdb(s, tmp, "C.UTF-8")
	if err != nil && strings.Contains(out, "locale") {
		out, err = f.initdb(s, tmp, "C")
	}
	if err != nil {
		return fmt.Errorf("create the database folder with %s as %s: %w: %s", s.path("initdb"), f.account.name, err, oneLine(out))
	}
	if err := syncTree(tmp); err != nil {
		return fmt.Errorf("database folder: %w", err)
	}
	if err := os.Rename(tmp, f.data); err != nil {
		return fmt.Errorf("database folder: %w", err)
	}
	f.major = s.major
	return ctx.Err()
}

func (f *folder) initdb(s server, dir, locale string) (string, error) {
	cmd, release, err := f.command(s.path("initdb"), dir)
	if err != nil {
		return "", err
	}
	defer release()
	cmd.Args = append(cmd.Args, "-D", cmd.dirs[0], "-U", superuser, "--auth-local=trust", "--auth-host=reject",
		"--encoding=UTF8", "--locale="+locale, "--data-checksums", "--no-instructions", "--no-sync")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// own gives a new folder to the account that runs the server.
func (f *folder) own(dir string) error {
	if !f.account.drop {
		return nil
	}
	if err := os.Chown(dir, f.account.uid, f.account.gid); err != nil {
		return fmt.Errorf("give %s to %s: %w", dir, f.account.name, err)
	}
	return nil
}

// openSocketFolder settles where the socket is: beside the data, or in a short path when that is too long for one.
func (f *folder) openSocketFolder() error {
	f.socket = filepath.Join(f.dir, "run")
	if len(filepath.Join(f.socket, socketName)) > socketPathBytes {
		f.socket, f.ownSocket = shortFolder(f.dir), true
	}
	if err := os.Mkdir(f.socket, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("socket folder: %w", err)
	}
	st, err := os.Lstat(f.socket)
	if err != nil {
		return fmt.Errorf("socket folder: %w", err)
	}
	// In a shared /tmp somebody else may have been there first, to stand between us and the server.
	owner := int(st.Sys().(*syscall.Stat_t).Uid)
	if !st.IsDir() || st.Mode().Perm() != 0o700 || (owner != f.account.uid && owner != os.Geteuid()) {
		return fmt.Errorf("socket folder: %s is not a folder of mode 0700 owned by %s", f.socket, f.account.name)
	}
	// The folder's lock is ours and no server works on the data: a socket in here is a dead one.
	for _, name := range []string{socketName, socketName + ".lock"} {
		_ = os.Remove(filepath.Join(f.socket, name))
	}
	return f.own(f.socket)
}

func shortFolder(dir string) string {
	base := os.TempDir()
	if os.Geteuid() == 0 {
		base = "/run"
	} else if d := os.Getenv("XDG_RUNTIME_DIR"); d != "" {
		base = d
	}
	if st, err := os.Stat(base); err != nil || !st.IsDir() || len(base) > 60 {
		base = "/tmp"
	}
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(base, fmt.Sprintf("suiftly-%d-%x", os.Geteuid(), sum[:6]))
}

// command is a Postgres program to be run as the folder's account, and the names by which it reaches dirs.
type command struct {
	*exec.Cmd
	dirs []string
}

// command prepares program. A directory that the account cannot reach by its path (suiftly run by root under /root) is
// handed over as an open file, which /proc/self/fd names: no parent needs to be opened to anybody.
func (f *folder) command(program string, dirs ...string) (_ *command, release func(), err error) {
	c := &command{Cmd: exec.Command(program)}
	c.Dir = "/"
	// No PG* variable of ours may redirect the server; C keeps its messages in English.
	c.Env = []string{"PATH=" + filepath.Dir(program) + ":/usr/local/bin:/usr/bin:/bin", "LC_ALL=C"}
	if p := os.Getenv("LD_LIBRARY_PATH"); p != "" {
		c.Env = append(c.Env, "LD_LIBRARY_PATH="+p)
	}
	// Its own process group: Ctrl-C in the terminal is for suiftly, which stops the server last.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	release = func() {
		for _, file := range c.ExtraFiles {
			file.Close()
		}
	}
	if f.account.drop {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(f.account.uid), Gid: uint32(f.account.gid)}
	}
	for _, dir := range dirs {
		if f.account.drop && !reaches(f.account, dir) {
			file, err := os.Open(dir)
			if err != nil {
				release()
				return nil, nil, fmt.Errorf("database folder: %w", err)
			}
			c.ExtraFiles = append(c.ExtraFiles, file)
			dir = fmt.Sprintf("/proc/self/fd/%d", 2+len(c.ExtraFiles))
		}
		c.dirs = append(c.dirs, dir)
	}
	return c, release, nil
}

// reaches reports whether a may pass through every parent of dir.
func reaches(a account, dir string) bool {
	for p := filepath.Dir(dir); ; p = filepath.Dir(p) {
		st, err := os.Stat(p)
		if err != nil {
			return false
		}
		owner := st.Sys().(*syscall.Stat_t)
		bit := fs.FileMode(0o001)
		switch {
		case int(owner.Uid) == a.uid:
			bit = 0o100
		case int(owner.Gid) == a.gid:
			bit = 0o010
		}
		if st.Mode()&bit == 0 {
			return false
		}
		if p == "/" {
			return true
		}
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
