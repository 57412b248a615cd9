//go:build chaos

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"pirogue/config"
	"pirogue/failpoint"
	"pirogue/sandbox"
	"pirogue/sandbox/engine"
	"pirogue/sandbox/orangeweb"
)

// The flags of a process that these tests start. The process is the test binary itself: it has
// the failpoints, the product's own parts, and short times that no setting offers.
var (
	partFlag   = flag.String("part", "", "be this part: api, worker or sandbox")
	dieFlag    = flag.String("die", "", "the failpoint at which to die")
	rateFlag   = flag.Float64("rate", 1, "how fast the simulators' clock runs")
	originFlag = flag.Int64("origin", 0, "when that clock began to run so, in nanoseconds since 1970")

	promisesFlag = flag.String("promises", "", "live: the simulators promise no more than live operators")

	windowFlag  = flag.Duration("window", 0, "how long a customer may take")
	horizonFlag = flag.Duration("horizon", 0, "after how long an operator's word is final")
)

// shortTimes holds short values for the times that are long in production.
type shortTimes struct{ window, horizon time.Duration }

// flags returns the times as flags for a process.
func (x shortTimes) flags() []string {
	return []string{"-window", x.window.String(), "-horizon", x.horizon.String()}
}

// The other short times. At the simulators' rate a late customer comes 11 s after the call. A page
// is valid for 20 s.
const (
	hurriedTimeout = 4 * time.Second
	hurriedRate    = 30
)

// bePart runs a part of the product instead of the tests, and then ends the process. It does so
// only if a test started this process: the test binary also serves as the processes of its tests.
func bePart() {
	if *partFlag == "" {
		return
	}
	if err := part(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// part is the main function of a process that a test started. It ends when its parent does, for
// then nobody holds its standard input.
func part() error {
	go func() {
		io.Copy(io.Discard, os.Stdin) //nolint:errcheck // however the read ends, the parent is gone
		os.Exit(1)
	}()
	failpoint.Arm(*dieFlag)
	conf, err := config.Load(os.Environ())
	if err != nil {
		return err
	}
	shortTimes{*windowFlag, *horizonFlag}.hasten(&conf)
	p, err := newParts(conf)
	if err != nil {
		return err
	}
	return p.be(context.Background(), *partFlag)
}

// hasten gives every operator the short times.
func (x shortTimes) hasten(conf *config.Config) {
	for i := range conf.Operators {
		o := &conf.Operators[i]
		o.Window, o.Timeout = config.Duration(x.window), config.Duration(hurriedTimeout)
		if o.FinalityWindow > 0 {
			o.FinalityWindow = config.Duration(x.horizon)
		}
	}
}

// be runs the part of this name as its command does.
func (p *parts) be(ctx context.Context, part string) error {
	if part == "sandbox" {
		return p.playInAHurry(ctx)
	}
	if err := errors.Join(p.openStore(ctx), p.openTemporal()); err != nil {
		return err
	}
	if part == "api" {
		return p.runAPI(ctx)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.runWorker(ctx) })
	group.Go(func() error { return p.runWorkerHealth(ctx) })
	return group.Wait()
}

// playInAHurry runs the simulators on a fast clock that a restart does not set back.
func (p *parts) playInAHurry(ctx context.Context) error {
	origin := time.Unix(0, *originFlag)
	passed := time.Duration(float64(time.Since(origin)) * *rateFlag)
	simulators, err := sandbox.New(sandbox.Options{ //nolint:contextcheck // it ends with the process
		PublicURL: "http://" + p.conf.SandboxAddr, JournalDir: filepath.Join(p.conf.DataDir, "sandbox"),
		Clock: engine.NewVirtualClock(origin.Add(passed), *rateFlag),
	})
	if err != nil {
		return err
	}
	if err := promise(simulators, *promisesFlag); err != nil {
		return err
	}
	return serve(ctx, plainServer(p.conf.SandboxAddr, simulators.Handler()))
}

// process is a running part of Pirogue.
type process struct {
	cmd  *exec.Cmd
	gone chan struct{} // closed when the process has ended
}

// spawn starts this binary as a part. Its output goes to log.
func spawn(log io.Writer, part string, env []string, args ...string) (*process, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args = append([]string{"-part", part}, args...)
	cmd := exec.Command(path, args...)
	cmd.Env, cmd.Stderr = env, log
	if _, err := cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, gone: make(chan struct{})}
	go func() {
		cmd.Wait() //nolint:errcheck // ProcessState holds the result
		close(p.gone)
	}()
	return p, nil
}

// kill ends a process without a warning, like a power cut, and waits for its end.
func (p *process) kill() {
	p.cmd.Process.Kill() //nolint:errcheck // it may have ended by itself
	<-p.gone
}

// answers waits until address answers 200. It fails if the process ends first.
func (p *process) answers(address string) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if get(context.Background(), address) == nil {
			return nil
		}
		select {
		case <-p.gone:
			return errors.New("the process ended: " + p.cmd.ProcessState.String())
		default:
		}
	}
	return errors.New(address + " does not answer")
}

// payer is a customer at the operator's payment page. Simulated customers pay by themselves, even
// a page whose address was lost with the response. A real one pays the page that the merchant
// sends, and so does payer.
type payer string // the number typed; a magic number has its usual effect

// pay confirms on the page, as its form does.
func (c payer) pay(ctx context.Context, page string) error {
	form := url.Values{"msisdn": {string(c)}, "otp": {orangeweb.OTP}, "action": {"pay"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, page, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		return errors.New("the page answers " + resp.Status)
	}
	return nil
}
