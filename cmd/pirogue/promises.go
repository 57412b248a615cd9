package main

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"pirogue"
	"pirogue/config"
	"pirogue/sandbox"
	"pirogue/sandbox/stage"
)

const (
	promisesLife    = time.Second // how long the sandbox's switches are believed
	promisesTimeout = time.Second // of one question to the sandbox
)

// simulatorPromises knows which simulators promise no more than live operators do. It asks
// the sandbox at most once in promisesLife. A sandbox that never answered promises nothing.
type simulatorPromises struct {
	sandbox *sandboxClient
	clock   pirogue.Clock

	asking sync.Mutex // held by the one who asks

	mu       sync.Mutex
	askedAt  time.Time
	generous map[string]bool // by base path: promises more than live operators
}

// newSimulatorPromises returns the promises of the simulators at a sandbox's address.
func newSimulatorPromises(url string, clock pirogue.Clock) *simulatorPromises {
	return &simulatorPromises{
		sandbox: &sandboxClient{url: url, http: &http.Client{Timeout: promisesTimeout}}, clock: clock,
	}
}

// bind lets every instance that plays on the sandbox follow its simulator's switch.
func (s *simulatorPromises) bind(instances map[pirogue.OperatorCode]pirogue.Instance, confs []config.Operator) {
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
func (s *simulatorPromises) live(path string) bool {
	s.refresh()
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.generous[path]
}

// refresh asks the sandbox when its switches are no longer believed. Only the first question
// is waited for: later ones leave the last answer to everybody else.
func (s *simulatorPromises) refresh() {
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

func (s *simulatorPromises) age() (never, due bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.askedAt.IsZero(), s.clock().Sub(s.askedAt).Abs() >= promisesLife
}

// ask reads the switches of all simulators. When it fails, what was known stands.
func (s *simulatorPromises) ask() {
	var operators []sandbox.Operator
	err := s.sandbox.do(context.Background(), http.MethodGet, "/simulators", nil, &operators)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.askedAt = s.clock()
	if err != nil {
		return
	}
	s.generous = map[string]bool{}
	for _, o := range operators {
		s.generous[o.Path] = o.Settings["promises"] != stage.PromisesLive
	}
}
