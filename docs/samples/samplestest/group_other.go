//go:build !unix

package samplestest

import "os/exec"

// killGroup leaves cmd as it is: there are no process groups here.
func killGroup(*exec.Cmd) {}
