package piroguetest

import "syscall"

// dieWithParent makes the kernel stop the process when this one ends for any reason.
// SIGQUIT is PostgreSQL's immediate shutdown.
func dieWithParent(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGQUIT }
