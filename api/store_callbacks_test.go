package api_test

import (
	"context"
	"slices"
	"time"

	"pirogue"
	"pirogue/operator"
)

// AttemptByCallback implements api.Callbacks.
func (s fakeCallbacks) AttemptByCallback(
	ctx context.Context, o pirogue.OperatorCode, digest string,
) (pirogue.Attempt, error) {
	if err := s.checkFaults(ctx, "AttemptByCallback"); err != nil {
		return pirogue.Attempt{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.attempts[digest]
	if !ok || a.Operator != o {
		return pirogue.Attempt{}, pirogue.Errorf(pirogue.NotFound, "no attempt")
	}
	return a, nil
}

// AttemptByRef implements api.Callbacks.
func (s fakeCallbacks) AttemptByRef(
	ctx context.Context, o pirogue.OperatorCode, ref pirogue.OperatorRef,
) (pirogue.Attempt, error) {
	if err := s.checkFaults(ctx, "AttemptByRef"); err != nil {
		return pirogue.Attempt{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.attempts {
		if a.Operator == o && a.Ref == ref {
			return a, nil
		}
	}
	return pirogue.Attempt{}, pirogue.Errorf(pirogue.NotFound, "no attempt %s", ref)
}

// RecordCallback implements api.Callbacks: an ID is stored once.
func (s fakeCallbacks) RecordCallback(ctx context.Context, c operator.Callback) (bool, error) {
	if err := s.checkFaults(ctx, "RecordCallback"); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.callbacks[c.ID]; ok {
		return false, nil
	}
	s.callbacks[c.ID] = c
	return true, nil
}

// RoutedAtEnd implements api.Callbacks.
func (s fakeCallbacks) RoutedAtEnd(ctx context.Context, c operator.Callback, at time.Time) (bool, error) {
	if err := s.checkFaults(ctx, "RoutedAtEnd"); err != nil {
		return false, err
	}
	for _, p := range s.all() {
		if p.ID == c.PaymentID && slices.Contains(c.Agreeing(), p.Status) {
			return true, s.Routed(ctx, c.ID, at)
		}
	}
	return false, nil
}

// Routed implements api.Callbacks.
func (s fakeCallbacks) Routed(ctx context.Context, id string, at time.Time) error {
	if err := s.checkFaults(ctx, "Routed"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.callbacks[id]
	c.RoutedAt = at
	s.callbacks[id] = c
	return nil
}

// storedCallbacks returns every stored callback.
func (s *fakeStore) storedCallbacks() []operator.Callback {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := []operator.Callback{}
	for _, c := range s.callbacks {
		kept = append(kept, c)
	}
	return kept
}
