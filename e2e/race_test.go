//go:build race

package e2e

// Under go test -race the binary watches itself too.
func init() { buildFlags = append(buildFlags, "-race") }
