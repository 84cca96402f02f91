package emulator_test

import (
	"context"
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"suiftly/internal/sui/emulator"
)

//go:embed testdata/official.mjs
var official string

// The official TypeScript client is what wallets and the dashboard's kit are made of.
func TestOfficialClient(t *testing.T) {
	ui, err := filepath.Abs("../../../ui")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(ui, "node_modules", "@mysten", "sui")); err != nil {
		t.Fatalf("the dashboard's packages are needed, run make setup: %v", err)
	}
	_, url := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	node := exec.CommandContext(ctx, "node", "--input-type=module")
	node.Dir, node.Stdin = ui, strings.NewReader(official) // bare imports resolve in the folder it runs in
	node.Env = append(os.Environ(), "EMULATOR="+url, "USDC="+emulator.USDC)
	out, err := node.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "56 checks") {
		t.Fatalf("not every check ran:\n%s", out)
	}
}
