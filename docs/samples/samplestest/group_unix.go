//go:build unix

package samplestest

import (
	"os/exec"
	"syscall"
)

// killGroup kills the children of cmd too at the end of its context, because PHP's receiver has
// one.
func killGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
