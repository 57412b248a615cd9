package workflows_test

import (
	"fmt"
	"regexp"
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

// uuids finds the IDs of payments, which differ from run to run.
var uuids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// traced returns the trace.
func (s *scenario) traced() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := map[string]string{}
	return uuids.ReplaceAllStringFunc(strings.Join(s.trace, "\n"), func(id string) string {
		if names[id] == "" {
			names[id] = fmt.Sprintf("payment %d", len(names)+1)
		}
		return names[id]
	})
}

// wrong reports a mistake with how to see it again. The first one tells the whole workflow.
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
