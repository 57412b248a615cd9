package main

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"pirogue"
	"pirogue/config"
	"pirogue/operator"
	"pirogue/sandbox"
	"pirogue/sandbox/engine"
)

const (
	promisesLife    = time.Second // the switches that were read are trusted for this long
	promisesTimeout = time.Second // for one call of the sandbox
)

// simulatorCapabilities knows which simulators promise no more than live operators do. It reads the
// sandbox at most once in promisesLife. A sandbox that has never answered promises nothing: the
// careful case.
type simulatorCapabilities struct {
	sandbox *sandboxClient
	clock   pirogue.Clock

	asking sync.Mutex // held during a call of the sandbox

	mu       sync.Mutex
	askedAt  time.Time
	generous map[string]bool // by base path; true: it promises more than live operators
}

// newSimulatorCapabilities returns the promises of the simulators of the sandbox at url.
func newSimulatorCapabilities(url string, clock pirogue.Clock) *simulatorCapabilities {
	return &simulatorCapabilities{
		sandbox: &sandboxClient{url: url, http: &http.Client{Timeout: promisesTimeout}}, clock: clock,
	}
}

// bind makes every instance on this sandbox follow its simulator's switch. Other instances stay
// as they are.
func (s *simulatorCapabilities) bind(instances map[pirogue.OperatorCode]operator.Instance, confs []config.Operator) {
	for _, conf := range confs {
		path, played := strings.CutPrefix(conf.BaseURL, s.sandbox.url+"/")
		if !conf.Simulator || !played {
			continue
		}
		simulator, _, _ := strings.Cut(path, "/")
		instance := instances[conf.Code]
		instance.PromisesLive = func() bool { return s.live("/" + simulator) }
		instances[conf.Code] = instance
	}
}

// live reports whether the simulator at a base path promises no more than a live operator.
func (s *simulatorCapabilities) live(path string) bool {
	s.refresh()
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.generous[path]
}

// refresh reads the switches when the last ones are older than promisesLife. Callers wait for the
// first reading only. During a later one they use the last switches.
func (s *simulatorCapabilities) refresh() {
	never, due := s.age()
	switch {
	case never:
		s.asking.Lock()
	case !due || !s.asking.TryLock():
		return
	}
	defer s.asking.Unlock()
	if _, due := s.age(); due {
		s.ask()
	}
}

// age reports whether the sandbox has never answered, and whether the last reading is too old.
func (s *simulatorCapabilities) age() (never, due bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.askedAt.IsZero(), s.clock().Sub(s.askedAt).Abs() >= promisesLife
}

// ask reads the switches of all simulators. If that fails, the last ones stay in force.
func (s *simulatorCapabilities) ask() {
	var operators []sandbox.Operator
	err := s.sandbox.get(context.Background(), "/simulators", &operators)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.askedAt = s.clock()
	if err != nil {
		return
	}
	s.generous = map[string]bool{}
	for _, o := range operators {
		s.generous[o.Path] = o.Settings["promises"] != engine.PromisesLive
	}
}
