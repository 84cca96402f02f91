//go:build !linux

package demo

import "syscall"

// dieWithParent is Linux's; elsewhere a killed demo leaves its HAProxy behind.
func dieWithParent(*syscall.SysProcAttr) {}
