//go:build chaos

package failpoint

import (
	"os"
	"sync/atomic"
	"syscall"
)

// armed holds the name of the failpoint at which this process dies; nil for none.
var armed atomic.Pointer[string]

// Arm makes this process die the first time it passes the failpoint of this name.
func Arm(name string) { armed.Store(&name) }

// Hit kills the process with SIGKILL if it is armed with this name. Nothing can catch or
// delay that signal. The call does not return, so no instruction after the failpoint runs.
func Hit(name string) {
	at := armed.Load()
	if at == nil || *at != name {
		return
	}
	syscall.Kill(os.Getpid(), syscall.SIGKILL) //nolint:errcheck // a process may always signal itself
	select {}
}
