package backup

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jmoiron/sqlx"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"suiftly/internal/pg"
	"suiftly/internal/pgtest"
)

// TestMain has this process trust the test server's certificate: clients sign differently over plain HTTP.
func TestMain(m *testing.M) {
	s := httptest.NewTLSServer(nil)
	file := filepath.Join(os.TempDir(), fmt.Sprintf("suiftly-backup-test-%d.pem", os.Getpid()))
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		panic(err)
	}
	s.Close()
	os.Setenv("SSL_CERT_FILE", file)
	pgtest.Main(m, func() { os.Remove(file) })
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

// vaults are one of each kind: a folder, a bucket, and an encrypted bucket.
func vaults(t *testing.T, identity *age.X25519Identity) map[string]*Vault {
	t.Helper()
	memory := s3mem.New()
	if err := memory.CreateBucket("copies"); err != nil {
		t.Fatal(err)
	}
	s3 := httptest.NewTLSServer(gofakes3.New(memory).Server())
	t.Cleanup(s3.Close)
	out := map[string]*Vault{}
	for name, c := range map[string]Config{
		"folder":    {To: filepath.Join(t.TempDir(), "copies")},
		"bucket":    {To: "s3://copies/one", S3: S3{Endpoint: s3.URL, Region: "auto", AccessKey: "a", SecretKey: "s"}},
		"encrypted": {To: "s3://copies/two", S3: S3{Endpoint: s3.URL, Region: "auto", AccessKey: "a", SecretKey: "s"}, EncryptTo: []string{identity.Recipient().String()}},
	} {
		c.KeepDays = 30
		if problems := c.Validate(); problems != nil {
			t.Fatal(problems)
		}
		v, err := Open(c, "1.2.3")
		if err != nil {
			t.Fatal(err)
		}
		out[name] = v
	}
	return out
}

// filled is a database with rows of every kind that is hard to copy: partitions, generated values, triggers, odd bytes.
func filled(t *testing.T) (url string, db *sqlx.DB) {
	t.Helper()
	url = pgtest.URL(t)
	db, err := pg.Open(context.Background(), url, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	pgtest.Customer(t, db, 1001)
	for _, statement := range []string{
		`select logs.make_partition('2026-11-24')`,
		`insert into logs.batches (source, position, lines, stored, duplicates, rejected, quarantined, unattributed, first_at, last_at)
		 values ('test', 1, 2000, 2000, 0, 0, 0, 0, '2026-11-24 12:00Z', '2026-11-24 13:00Z')`,
		`insert into logs.haproxy_logs (timestamp, batch_id, customer_id, bytes_sent, bytes_received, duration_ms, status, billable, reached, rid, service, key_id, method, path, backend, server, termination)
		 select timestamptz '2026-11-24 12:00Z' + i * interval '1 second', 1, 1001, i, 0, 5, 200, true, true, gen_random_uuid(), 'seal', 'k', 'GET', E'/\\\\ü\n' || i, 'b', 's', '--'
		 from generate_series(1, 2000) i`,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	return url, db
}

// content is everything in a database, table by table.
func content(t *testing.T, db *sqlx.DB) string {
	t.Helper()
	var tables []string
	if err := db.Select(&tables, `select format('%I.%I', schemaname, tablename) from pg_catalog.pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1`); err != nil {
		t.Fatal(err)
	}
	if len(tables) < 20 {
		t.Fatalf("only %d tables", len(tables))
	}
	var all strings.Builder
	for _, table := range tables {
		var rows string
		if err := db.Get(&rows, `select count(*) || ' ' || md5(coalesce(string_agg(r::text, '|' order by r::text), '')) from `+table+` r`); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&all, table, rows)
	}
	return all.String()
}

func TestThereAndBackAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	url, db := filled(t)
	before := content(t, db)
	for kind, v := range vaults(t, identity) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			keys := []age.Identity{identity}
			made, err := v.Create(ctx, url, NameAt(noon), at(noon))
			if err != nil {
				t.Fatal(err)
			}
			listed, err := v.List(ctx)
			if err != nil || len(listed) != 1 || listed[0] != made || made.Name != "suiftly-20261124T120000Z" || made.Bytes < 10_000 || made.Version != "1.2.3" {
				t.Fatalf("%+v, made %+v, %v", listed, made, err)
			}
			again, err := v.Create(ctx, url, NameAt(noon), at(noon.Add(time.Hour)))
			if err != nil || again != made {
				t.Errorf("a second run of the same job: %+v, %v", again, err)
			}
			empty := pgtest.EmptyURL(t)
			if err := v.Restore(ctx, made, empty, keys); err != nil {
				t.Fatal(err)
			}
			restored, err := pg.Open(ctx, empty, 2)
			if err != nil {
				t.Fatal(err)
			}
			defer restored.Close()
			if after := content(t, restored); after != before {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
			if _, err := restored.Exec(`delete from services.price_book`); !pg.Violated(err, "price_book_append_only") {
				t.Errorf("rules are restored too: %v", err)
			}
			if err := v.Restore(ctx, made, empty, keys); !errors.Is(err, pg.ErrNotEmpty) {
				t.Errorf("over what is there: %v", err)
			}

			looked := ""
			if err := v.Verify(ctx, made, url, keys, func(ctx context.Context, scratch string) error {
				db, err := pg.Open(ctx, scratch, 1)
				if err != nil {
					return err
				}
				defer db.Close()
				looked = content(t, db)
				return nil
			}); err != nil || looked != before {
				t.Errorf("verify: %v", err)
			}
			wrong := errors.New("a sum is wrong")
			if err := v.Verify(ctx, made, url, keys, func(context.Context, string) error { return wrong }); !errors.Is(err, wrong) {
				t.Errorf("verify: %v", err)
			}
			if made.Encrypted {
				other, _ := age.GenerateX25519Identity()
				if err := v.Restore(ctx, made, pgtest.EmptyURL(t), nil); !errors.Is(err, ErrLocked) {
					t.Error(err)
				}
				if err := v.Restore(ctx, made, pgtest.EmptyURL(t), []age.Identity{other}); err == nil || !strings.Contains(err.Error(), "open the backup") {
					t.Error(err)
				}
			}
			if found, err := v.Find(ctx, "latest"); err != nil || found != made {
				t.Errorf("%+v %v", found, err)
			}
			for _, name := range []string{"", "nothing", "suiftly-20000101T000000Z", "suiftly-/../../etc/passwd"} {
				if _, err := v.Find(ctx, name); !errors.Is(err, ErrNone) {
					t.Errorf("%q: %v", name, err)
				}
			}
		})
	}
	t.Cleanup(func() {
		var left int
		if err := db.Get(&left, `select count(*) from pg_catalog.pg_database where datname like 'suiftly\_scratch\_%'`); err != nil || left > 0 {
			t.Errorf("%d scratch databases are left, %v", left, err)
		}
	})
}

// failing is a store whose reader or writer breaks half way.
type failing struct{ store }

func (failing) put(_ context.Context, _ string, r io.Reader) error {
	_, _ = io.CopyN(io.Discard, r, 100)
	return errors.New("the disk is full")
}

func TestWhatIsNotWholeIsNoBackup(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url, _ := filled(t)
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	all := vaults(t, identity)

	t.Run("storing fails", func(t *testing.T) {
		v := *all["folder"]
		v.store = failing{v.store}
		if _, err := v.Create(ctx, url, NameAt(noon), at(noon)); err == nil || !strings.Contains(err.Error(), "the disk is full") {
			t.Error(err)
		}
	})
	for kind, v := range all {
		t.Run("dumping fails/"+kind, func(t *testing.T) {
			cut, cancel := context.WithCancel(ctx)
			cancel()
			if _, err := v.Create(cut, url, NameAt(noon), at(noon)); err == nil {
				t.Error("made of a dump that was cut")
			}
			if listed, err := v.List(ctx); err != nil || len(listed) != 0 {
				t.Errorf("%v %v", listed, err)
			}
		})
	}
	t.Run("a byte changed", func(t *testing.T) {
		v := all["folder"]
		made, err := v.Create(ctx, url, NameAt(noon), at(noon))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(string(v.store.(folder)), made.file())
		stored, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		stored[len(stored)/2] ^= 1
		if err := os.WriteFile(file, stored, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := v.Restore(ctx, made, pgtest.EmptyURL(t), nil); !errors.Is(err, ErrDamaged) {
			t.Error(err)
		}
	})
}

func TestPrune(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	v := &Vault{store: folder(t.TempDir()), keep: 30 * 24 * time.Hour}
	keep := func(days int, manifest bool) {
		b := Backup{Name: NameAt(noon.AddDate(0, 0, -days)), TakenAt: noon.AddDate(0, 0, -days)}
		if err := v.store.put(ctx, b.file(), strings.NewReader("dump")); err != nil {
			t.Fatal(err)
		}
		if manifest {
			if err := v.store.put(ctx, b.Name+manifestEnd, bytes.NewReader(fmt.Appendf(nil, `{"name":%q,"taken_at":%q}`, b.Name, b.TakenAt.Format(time.RFC3339)))); err != nil {
				t.Fatal(err)
			}
		}
	}
	keep(60, true)
	keep(40, true)
	if removed, err := v.Prune(ctx, noon); err != nil || len(removed) != 2 {
		t.Errorf("the newest stays, however old: %v %v", removed, err)
	}
	keep(30, true)
	keep(1, true)
	keep(5, false)
	keep(0, false)
	if err := v.store.put(ctx, "notes.txt", strings.NewReader("mine")); err != nil {
		t.Fatal(err)
	}
	removed, err := v.Prune(ctx, noon)
	slices.Sort(removed)
	if want := []string{NameAt(noon.AddDate(0, 0, -40)) + ".dump", NameAt(noon.AddDate(0, 0, -40)) + ".json", NameAt(noon.AddDate(0, 0, -5)) + ".dump"}; err != nil || !slices.Equal(removed, want) {
		t.Errorf("removed %v, want %v, %v", removed, want, err)
	}
	names, err := v.store.list(ctx)
	if err != nil || len(names) != 6 {
		t.Errorf("left %v, %v", names, err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := Config{To: "s3://copies", KeepDays: 30, S3: S3{Endpoint: "https://a.example", AccessKey: "a", SecretKey: "s"}}
	for key, spoil := range map[string]func(*Config){
		"backup.to":            func(c *Config) { c.To = "copies" },
		"backup.keep_days":     func(c *Config) { c.KeepDays = 0 },
		"backup.encrypt_to[0]": func(c *Config) { c.EncryptTo = []string{"AGE-SECRET-KEY-1"} },
		"backup.s3.endpoint":   func(c *Config) { c.S3.Endpoint = "a.example" },
		"backup.s3":            func(c *Config) { c.S3.SecretKey = "" },
	} {
		c := good
		spoil(&c)
		if problems := c.Validate(); len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), key+":") {
			t.Errorf("%s: %v", key, problems)
		}
	}
	if problems := append(good.Validate(), DefaultConfig().Validate()...); problems != nil {
		t.Error(problems)
	}
	if v, err := Open(DefaultConfig(), ""); v != nil || err != nil {
		t.Errorf("%v %v", v, err)
	}
	file := filepath.Join(t.TempDir(), "identity")
	if err := os.WriteFile(file, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, file + "-not-there"} {
		if _, err := Identities(name); err == nil {
			t.Errorf("%s is taken for an identity", name)
		}
	}
}
