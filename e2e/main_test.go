// Package e2e runs the built binary as its users do: real processes, real Postgres, real HAProxy, and what they promise
// together.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binary is the suiftly under test.
var binary string

var buildFlags []string

func TestMain(m *testing.M) {
	code, err := compileAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func compileAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "suiftly-e2e-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	// Another account runs it too.
	if err := os.Chmod(dir, 0o755); err != nil {
		return 1, err
	}
	binary = filepath.Join(dir, "suiftly")
	compile := exec.Command("go", append(append([]string{"build"}, buildFlags...), "-o", binary, ".")...)
	compile.Dir = ".."
	if out, err := compile.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build the binary: %w\n%s", err, out)
	}
	return m.Run(), nil
}
