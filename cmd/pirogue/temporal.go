package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"pirogue/config"
	"pirogue/workflows"
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
// the settings name another Temporal.
func startTemporal(ctx context.Context, conf *config.Config) (*temporalProcess, error) {
	if conf.HasTemporal() {
		return &temporalProcess{}, nil
	}
	args := []string{
		"-db", filepath.Join(conf.DataDir, "temporal-"+temporalVersion+".db"),
		"-port", strconv.Itoa(conf.TemporalPort), "-ui-port", strconv.Itoa(conf.TemporalUIPort),
		"-codec-endpoint", "http://" + conf.AdminAddr + "/codec", "-exit-with-parent",
	}
	for _, attribute := range workflows.SearchAttributes() {
		args = append(args, "-search-attribute", attribute)
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), conf.DevServer, args...) //nolint:gosec // our own binary
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us: Temporal stops last
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start Temporal (PIROGUE_DEVSERVER=%s, made by `make build`): %w", conf.DevServer, err)
	}
	t := &temporalProcess{cmd: cmd, exited: make(chan error, 1)}
	ready := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "frontend") {
				ready <- true
				break
			}
		}
		t.exited <- cmd.Wait()
	}()
	select {
	case <-ready:
	case err := <-t.exited:
		return nil, fmt.Errorf("temporal stopped at once: %w", errors.Join(err, errors.New("see its message above")))
	case <-time.After(readyTimeout):
		t.stop()
		return nil, fmt.Errorf("temporal did not answer within %s", readyTimeout)
	case <-ctx.Done():
		t.stop()
		return nil, ctx.Err()
	}
	conf.SetTemporal("127.0.0.1:" + strconv.Itoa(conf.TemporalPort))
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
		err := t.cmd.Process.Kill()
		if err == nil {
			err = <-t.exited
		}
		t.exited <- err
	}
}
