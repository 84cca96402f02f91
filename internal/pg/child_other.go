//go:build !linux

package pg

import (
	"syscall"
)

// dieWithParent is Linux's; elsewhere the next start finds the left-over server by its pid file.
func dieWithParent(*syscall.SysProcAttr, syscall.Signal) {}

func syncTree(string) error {
	syscall.Sync()
	return nil
}
