package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"suiftly/internal/pgtest"
)

// TestBackupByCommand is the night and the day after: made, listed, proven, the database lost, restored elsewhere.
func TestBackupByCommand(t *testing.T) {
	t.Chdir(t.TempDir())
	place := filepath.Join(t.TempDir(), "copies")
	t.Setenv("SUIFTLY_BACKUP__TO", place)
	do := func(url string, args ...string) (int, string) {
		t.Helper()
		t.Setenv("SUIFTLY_DATABASE__URL", url)
		var out, problems bytes.Buffer
		code := run(t.Context(), append([]string{"backup"}, args...), &out, &problems)
		return code, out.String() + problems.String()
	}
	good := func(says, url string, args ...string) {
		t.Helper()
		if code, said := do(url, args...); code != 0 || !strings.Contains(said, says) {
			t.Fatalf("suiftly backup %v: exit %d: %s", args, code, said)
		}
	}
	from, to := pgtest.URL(t), pgtest.EmptyURL(t)
	good("no backups yet", from, "list")
	good("suiftly-", from, "create")
	good("suiftly-", from, "list")
	good("is right", from, "verify", "latest")
	if code, said := do(from, "restore", "latest"); code != 1 || !strings.Contains(said, "restored into an empty one") {
		t.Errorf("over what is there: exit %d: %s", code, said)
	}
	good("is restored", to, "restore", "latest")
	t.Setenv("SUIFTLY_DATABASE__URL", to)
	var out, problems bytes.Buffer
	if code := run(t.Context(), []string{"doctor"}, &out, &problems); code != 0 {
		t.Errorf("after restoring: %s%s", out.String(), problems.String())
	}
	if code, said := do(from, "verify", "suiftly-20000101T000000Z"); code != 1 || !strings.Contains(said, "no such backup") {
		t.Errorf("exit %d: %s", code, said)
	}
	dumps, err := filepath.Glob(filepath.Join(place, "*.dump"))
	if err != nil || len(dumps) != 1 {
		t.Fatal(dumps, err)
	}
	if err := os.Truncate(dumps[0], 1000); err != nil {
		t.Fatal(err)
	}
	if code, said := do(from, "verify", "latest"); code != 1 || !strings.Contains(said, "damaged") {
		t.Errorf("a cut one: exit %d: %s", code, said)
	}
}
