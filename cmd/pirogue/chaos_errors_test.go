//go:build chaos

package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// errorSummary is a test that repeats its errors at the end of its output. The logs of the parts
// come before them, so that the last lines say why a fault run failed.
type errorSummary struct {
	testing.TB
	mu     sync.Mutex
	errors []string
}

// newErrorSummary wraps a test. It must come before every other clean-up, for the first one that is
// registered runs last.
func newErrorSummary(t testing.TB) *errorSummary {
	s := &errorSummary{TB: t}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%d errors:\n%s", len(s.errors), strings.Join(s.errors, "\n"))
		}
	})
	return s
}

// add keeps an error for the end.
func (s *errorSummary) add(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errors = append(s.errors, text)
}

func (s *errorSummary) Errorf(format string, args ...any) {
	s.TB.Helper()
	s.add(fmt.Sprintf(format, args...))
	s.TB.Errorf(format, args...)
}

func (s *errorSummary) Error(args ...any) {
	s.TB.Helper()
	s.add(fmt.Sprintln(args...))
	s.TB.Error(args...)
}

func (s *errorSummary) Fatal(args ...any) {
	s.TB.Helper()
	s.add(fmt.Sprintln(args...))
	s.TB.Fatal(args...)
}
