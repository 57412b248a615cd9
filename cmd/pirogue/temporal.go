package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"pirogue/config"
)

// temporalVersion is part of the file's name: another version may not be able to read the file.
// Losing the file is safe, for our own database can rebuild its workflows.
const (
	temporalVersion = "1.32.1"
	temporalStop    = 10 * time.Second // then Temporal is killed; its file survives that
)

// temporalProcess is the development server that pirogue dev runs. It is empty if the settings
// name another Temporal.
type temporalProcess struct {
	cmd    *exec.Cmd
	exited chan error // holds the process's exit error; the first reader takes it
}

// startTemporal starts the development server and waits until it answers. It starts nothing if
// the settings name another Temporal. It prints what an installed command cannot do.
func startTemporal(ctx context.Context, conf *config.Config, out io.Writer) (*temporalProcess, error) {
	if conf.HasTemporal() {
		return &temporalProcess{}, nil
	}
	server, err := findDevServer(ctx, *conf)
	if err != nil {
		return nil, err
	}
	fmt.Fprint(out, server.differences())
	if err := os.MkdirAll(conf.DataDir, privateFolder); err != nil {
		return nil, err
	}
	cmd := server.command(context.WithoutCancel(ctx), *conf)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us: Temporal stops last
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start Temporal (%s): %w", server.path, err)
	}
	address := "127.0.0.1:" + strconv.Itoa(conf.TemporalPort)
	t := &temporalProcess{cmd: cmd, exited: make(chan error, 1)}
	ready := make(chan bool, 1)
	waiting, stop := context.WithTimeout(ctx, readyTimeout)
	defer stop()
	go func() {
		if server.answers(waiting, stdout, address) {
			ready <- true
		}
		t.exited <- cmd.Wait()
	}()
	select {
	case <-ready:
	case err := <-t.exited:
		return nil, fmt.Errorf("temporal stopped at once: %w", errors.Join(err, errors.New("see its message above")))
	case <-waiting.Done():
		t.stop()
		return nil, errors.Join(ctx.Err(), fmt.Errorf("temporal did not answer within %s", readyTimeout))
	}
	conf.SetTemporal(address)
	return t, nil
}

// wait returns nil when ctx ends, and an error if Temporal ends first.
func (t *temporalProcess) wait(ctx context.Context) error {
	if t.cmd == nil {
		return nil
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-t.exited:
		t.exited <- err
		return fmt.Errorf("temporal stopped: %w", errors.Join(err, errors.New("see its message above")))
	}
}

// stop ends the development server and waits for that; after temporalStop it kills it.
func (t *temporalProcess) stop() {
	if t.cmd == nil {
		return
	}
	if err := t.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return // it is gone already
	}
	select {
	case err := <-t.exited:
		t.exited <- err
	case <-time.After(temporalStop):
		err := syscall.Kill(-t.cmd.Process.Pid, syscall.SIGKILL) // with the children of a shell
		if err == nil {
			err = <-t.exited
		}
		t.exited <- err
	}
}
