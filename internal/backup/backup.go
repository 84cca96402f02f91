// Package backup keeps dumps of the database in a folder or an S3 bucket: streamed there, encrypted when asked, restored to
// prove that they can be, and dropped when they are old.
package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"suiftly/internal/pg"
)

var (
	// ErrNone says that there is no such backup.
	ErrNone = errors.New("there is no such backup: suiftly backup list shows those that there are")
	// ErrDamaged is a backup that is not what was stored.
	ErrDamaged = errors.New("the backup is damaged: its SHA-256 is not the one in its manifest")
	// ErrLocked is an encrypted backup without the identity that opens it.
	ErrLocked = errors.New("the backup is encrypted: name the file with its age identity (--identity, or backup.identity_file)")
)

// Backup is one dump as its manifest describes it. A dump without a manifest was never finished, and is none.
type Backup struct {
	Name      string    `json:"name"` // suiftly-20261124T000000Z
	TakenAt   time.Time `json:"taken_at"`
	Took      string    `json:"took"` // a Go duration
	Bytes     int64     `json:"bytes"`
	SHA256    string    `json:"sha256"` // of the stored bytes, hex
	Encrypted bool      `json:"encrypted"`
	Version   string    `json:"suiftly_version"`
}

func (b Backup) file() string {
	if b.Encrypted {
		return b.Name + ".dump.age"
	}
	return b.Name + ".dump"
}

const manifestEnd = ".json"

// store is a place for files. put leaves the whole file or none; get of a missing one is ErrNone.
type store interface {
	put(ctx context.Context, name string, r io.Reader) error
	get(ctx context.Context, name string) (io.ReadCloser, error)
	list(ctx context.Context) (names []string, err error)
	remove(ctx context.Context, name string) error
}

// Vault is the place where backups are kept.
type Vault struct {
	store      store
	recipients []age.Recipient
	keep       time.Duration
	version    string
}

// NameAt is the name of the backup that is taken for that time.
func NameAt(at time.Time) string { return "suiftly-" + at.UTC().Format("20060102T150405Z") }

// Create dumps the database at url and stores it under name; a backup of that name that is already there stays and is given.
func (v *Vault) Create(ctx context.Context, url, name string, now func() time.Time) (Backup, error) {
	if have, err := v.Find(ctx, name); !errors.Is(err, ErrNone) {
		return have, err
	}
	b := Backup{Name: name, TakenAt: now().UTC(), Encrypted: len(v.recipients) > 0, Version: v.version}
	// Ends the dump when storing fails, and the storing when the dump does: neither half may look whole.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r, w := io.Pipe()
	sum, size := sha256.New(), new(counter)
	go func() {
		err := dump(ctx, url, io.MultiWriter(w, sum, size), v.recipients)
		w.CloseWithError(err)
		if err != nil {
			cancel(err)
		}
	}()
	err := v.store.put(ctx, b.file(), r)
	r.CloseWithError(errors.Join(err, errors.New("storing ended")))
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return Backup{}, fmt.Errorf("back up: %w", err)
	}
	b.Bytes, b.SHA256, b.Took = int64(*size), hex.EncodeToString(sum.Sum(nil)), now().UTC().Sub(b.TakenAt).Round(time.Millisecond).String()
	manifest, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return Backup{}, fmt.Errorf("describe the backup: %w", err)
	}
	if err := v.store.put(ctx, name+manifestEnd, strings.NewReader(string(manifest)+"\n")); err != nil {
		return Backup{}, fmt.Errorf("store the backup's manifest: %w", err)
	}
	return b, nil
}

func dump(ctx context.Context, url string, w io.Writer, recipients []age.Recipient) error {
	if len(recipients) == 0 {
		return pg.Dump(ctx, url, w)
	}
	sealed, err := age.Encrypt(w, recipients...)
	if err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	if err := pg.Dump(ctx, url, sealed); err != nil {
		return err
	}
	return sealed.Close() // writes the last part
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// List gives the finished backups, newest first.
func (v *Vault) List(ctx context.Context) ([]Backup, error) {
	names, err := v.store.list(ctx)
	if err != nil {
		return nil, err
	}
	var all []Backup
	for _, name := range names {
		if name, ok := strings.CutSuffix(name, manifestEnd); ok {
			b, err := v.Find(ctx, name)
			if err != nil {
				return nil, err
			}
			all = append(all, b)
		}
	}
	slices.SortFunc(all, func(a, b Backup) int { return b.TakenAt.Compare(a.TakenAt) })
	return all, nil
}

// Find gives the backup of that name, "latest" for the newest, or ErrNone.
func (v *Vault) Find(ctx context.Context, name string) (b Backup, err error) {
	if name == "latest" {
		all, err := v.List(ctx)
		if err != nil || len(all) > 0 {
			return append(all, b)[0], err
		}
		return b, ErrNone
	}
	if !strings.HasPrefix(name, "suiftly-") || strings.ContainsAny(name, "/\\") {
		return b, ErrNone
	}
	r, err := v.store.get(ctx, name+manifestEnd)
	if err != nil {
		return b, err
	}
	defer r.Close()
	if err := json.NewDecoder(io.LimitReader(r, 64<<10)).Decode(&b); err != nil {
		return b, fmt.Errorf("manifest of %s: %w", name, err)
	}
	if b.Name != name {
		return b, fmt.Errorf("manifest of %s describes %s", name, b.Name)
	}
	return b, nil
}

// Restore puts the backup into the empty database at url, after it has read it once to see that it is whole. identities open
// an encrypted one.
func (v *Vault) Restore(ctx context.Context, b Backup, url string, identities []age.Identity) error {
	if b.Encrypted && len(identities) == 0 {
		return ErrLocked
	}
	// First the whole file: pg_restore commits before it has seen the last byte.
	sum := sha256.New()
	if err := v.read(ctx, b, func(r io.Reader) error { _, err := io.Copy(sum, r); return err }); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != b.SHA256 {
		return ErrDamaged
	}
	return v.read(ctx, b, func(r io.Reader) error {
		if b.Encrypted {
			opened, err := age.Decrypt(r, identities...)
			if err != nil {
				return fmt.Errorf("open the backup: %w", err)
			}
			r = opened
		}
		return pg.Restore(ctx, url, r)
	})
}

func (v *Vault) read(ctx context.Context, b Backup, use func(io.Reader) error) error {
	r, err := v.store.get(ctx, b.file())
	if err != nil {
		return fmt.Errorf("read %s: %w", b.file(), err)
	}
	defer r.Close()
	return use(r)
}

// Verify restores the backup into a database of its own on the server at url, has check look at it, and drops it.
func (v *Vault) Verify(ctx context.Context, b Backup, url string, identities []age.Identity, check func(ctx context.Context, url string) error) (err error) {
	scratch, drop, err := pg.Scratch(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()
	if err := v.Restore(ctx, b, scratch, identities); err != nil {
		return fmt.Errorf("restore %s: %w", b.Name, err)
	}
	if err := check(ctx, scratch); err != nil {
		return fmt.Errorf("%s is restored, but not right: %w", b.Name, err)
	}
	return nil
}

// Prune removes backups that are older than they are kept, and dumps that were never finished, but never the newest backup.
func (v *Vault) Prune(ctx context.Context, now time.Time) (removed []string, err error) {
	all, err := v.List(ctx)
	if err != nil {
		return nil, err
	}
	kept := map[string]bool{}
	for i, b := range all {
		if i == 0 || now.Sub(b.TakenAt) <= v.keep {
			kept[b.Name] = true
		}
	}
	names, err := v.store.list(ctx)
	if err != nil {
		return nil, err
	}
	for _, file := range names {
		name, _, _ := strings.Cut(file, ".")
		at, err := time.Parse("suiftly-20060102T150405Z", name)
		// A dump of today without a manifest may be one that is being written; a file that we did not name is not ours.
		if err != nil || kept[name] || now.Sub(at) < 24*time.Hour {
			continue
		}
		if err := v.store.remove(ctx, file); err != nil {
			return removed, fmt.Errorf("remove %s: %w", file, err)
		}
		removed = append(removed, file)
	}
	return removed, nil
}
