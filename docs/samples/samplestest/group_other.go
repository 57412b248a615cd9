//go:build !unix

package samplestest

import "os/exec"

// killGroup leaves cmd unchanged: this system has no process groups.
func killGroup(*exec.Cmd) {}
