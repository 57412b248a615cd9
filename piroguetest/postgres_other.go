//go:build !linux

package piroguetest

import "syscall"

// dieWithParent does nothing: this system cannot tie a process to its parent, so only Main
// stops the server.
func dieWithParent(*syscall.SysProcAttr) {}
