package workflows_test

import (
	"fmt"
	"strings"
	"time"

	"pirogue"
)

// mark says that a fault happened.
func (s *scenario) mark(fault string) { s.lot.seen.hit(fault) }

// note adds a line to the trace.
func (s *scenario) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := fmt.Sprintf(format, args...)
	s.trace = append(s.trace, fmt.Sprintf("%10s  %s", s.lot.now().Sub(simStart).Round(time.Millisecond), line))
}

// alias names a reference by when it was first seen, so that a trace is the same in
// every run.
func (s *scenario) alias(ref pirogue.OperatorRef) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names[ref] == "" {
		s.names[ref] = fmt.Sprintf("reference %d", len(s.names)+1)
	}
	return s.names[ref]
}

func (s *scenario) traced() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.trace, "\n")
}

// wrong reports a mistake with how to see it again. The first one tells the whole story.
func (s *scenario) wrong(format string, args ...any) {
	s.lot.t.Helper()
	story := ""
	if !s.mistake {
		s.mistake = true
		story = "\n" + s.traced()
	}
	s.lot.t.Errorf("%s\n\tgo test ./workflows -run TestSimulation -seed %d -simulations 1%s",
		fmt.Sprintf(format, args...), s.seed, story)
}
