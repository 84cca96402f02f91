package pg

import "testing"

// HideServers makes the machine look as if no Postgres were installed.
func HideServers(t *testing.T) {
	t.Setenv("PATH", "/nowhere")
	before := binFolders
	binFolders = nil
	t.Cleanup(func() { binFolders = before })
}
