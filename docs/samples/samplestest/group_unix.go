//go:build unix

package samplestest

import (
	"os/exec"
	"syscall"
)

// killGroup makes the end of cmd's context end its children as well: PHP's
// receiver has one.
func killGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
