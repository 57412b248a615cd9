//go:build chaos

package failpoint

import (
	"os"
	"sync/atomic"
	"syscall"
)

// armed is the name of the point at which this process dies; nil for none.
var armed atomic.Pointer[string]

// Arm makes this process die at a point, the first time that it passes it.
func Arm(name string) { armed.Store(&name) }

// Hit ends the process with SIGKILL, which nothing can catch or put off, if it was
// armed with this name. It does not return then: no instruction follows the point.
func Hit(name string) {
	at := armed.Load()
	if at == nil || *at != name {
		return
	}
	syscall.Kill(os.Getpid(), syscall.SIGKILL) //nolint:errcheck // a process may always signal itself
	select {}
}
