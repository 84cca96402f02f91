// Package e2e runs the built binary as its users do: real processes, real Postgres, real HAProxy, and what they promise
// together.
package e2e

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binary is the suiftly under test.
var binary string

var buildFlags []string

func TestMain(m *testing.M) {
	// The tests mostly wait for processes; -parallel says otherwise.
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	code, err := compileAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func compileAndRun(m *testing.M) (int, error) {
	if err := look(); err != nil {
		return 1, err
	}
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

// look opens what the binary is made of. go test remembers a result until a file that the test opened changes, and does not
// see what the compiler it runs opens: without this a green result would outlive the code that it is about.
func look() error {
	roots, err := filepath.Glob("../*.go")
	if err != nil {
		return err
	}
	for _, root := range append(roots, "../go.mod", "../go.sum", "../config.example.yaml", "../internal", "../modules", "../db", "../deploy") {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			_, err = os.Stat(path)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
