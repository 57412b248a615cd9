//go:build !linux

package piroguetest

import "syscall"

// dieWithParent has no way to do so here: only Main stops the server.
func dieWithParent(*syscall.SysProcAttr) {}
