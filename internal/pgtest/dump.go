package pgtest

import (
	"bytes"
	"fmt"
	"os/exec"
	"regexp"
	"testing"
)

// What pg_dump writes about itself, and the key it draws for psql's \restrict, differ from one machine to the next.
var aboutTheDump = regexp.MustCompile(`(?m)^(--.*|\\(un)?restrict .*|SET .*|SELECT pg_catalog\.set_config.*)?\n`)

// Dump gives the schema that the migrations make, as SQL without comments.
func Dump(t testing.TB) ([]byte, error) {
	t.Helper()
	var problems bytes.Buffer
	dump := exec.Command("pg_dump", "--schema-only", "--no-owner", "--no-privileges", "--dbname",
		open(t).create(t, "template "+template+" strategy = file_copy"))
	dump.Stderr = &problems
	out, err := dump.Output()
	if err != nil {
		return nil, fmt.Errorf("pg_dump: %w: %s", err, problems.Bytes())
	}
	return aboutTheDump.ReplaceAll(out, nil), nil
}
