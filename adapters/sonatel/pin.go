package sonatel

import (
	"context"
	"sync"

	"pirogue"
	"pirogue/adapters/outbound"
)

// pinLock holds the retailer's PIN and who may use it. As long as Orange has not
// accepted the PIN, one call at a time carries it, so that a wrong one costs one of
// the three tries that the wallet has. After a wrong one nobody gets it any more.
type pinLock struct {
	mu      sync.Mutex
	pin     string
	proven  bool
	refused string        // why the PIN must not leave again; "" while it may
	inside  int           // calls that carry it
	alone   bool          // the call inside shares with nobody
	moved   chan struct{} // closed whenever a call leaves
}

func newPINLock(pin string) *pinLock {
	return &pinLock{pin: pin, moved: make(chan struct{})}
}

// verdict is what a call taught us about the PIN; its zero value is nothing.
type verdict struct {
	proven  bool
	refused string
	pin     string // the one that replaced it; "" when none did
}

// enter returns the PIN as soon as it may be used; leave must follow. alone waits
// until no other call carries it. It fails with NotSent when the PIN must not leave,
// or when ctx ends first.
func (l *pinLock) enter(ctx context.Context, alone bool) (string, error) {
	for {
		pin, wait, err := l.try(alone)
		if wait == nil {
			return pin, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return "", pirogue.Errorf(pirogue.NotSent, "given up waiting for the PIN: %w", ctx.Err())
		}
	}
}

// try enters, or returns what to wait for.
func (l *pinLock) try(alone bool) (string, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	alone = alone || !l.proven
	switch {
	case l.refused != "":
		return "", nil, pirogue.Errorf(pirogue.NotSent, "not called: the PIN is %s; correct it and restart", l.refused)
	case l.alone || (alone && l.inside > 0):
		return "", l.moved, nil
	}
	l.inside++
	l.alone = alone
	return l.pin, nil, nil
}

// leave ends the use of the PIN.
func (l *pinLock) leave(v verdict) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inside--
	l.alone = false
	l.proven = l.proven || v.proven
	if v.refused != "" {
		l.refused = v.refused
	}
	if v.pin != "" {
		l.pin = v.pin
	}
	close(l.moved)
	l.moved = make(chan struct{})
}

// current returns the PIN, to be cut out of texts.
func (l *pinLock) current() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pin
}

// sendPIN makes one call with the PIN, which meets one new key where it must.
func (o *operator) sendPIN(ctx context.Context, write pinRequest) (outbound.Answer, error) {
	return o.withPIN(ctx, o.sealed, write)
}

// withPIN has send make a call with the PIN, all of it within one time-out. The verdict on
// the PIN is kept whatever the call's status was.
func (o *operator) withPIN(
	ctx context.Context, send func(context.Context, string, pinRequest) (outbound.Answer, error), write pinRequest,
) (outbound.Answer, error) {
	ctx, cancel := o.Within(ctx)
	defer cancel()
	pin, err := o.pin.enter(ctx, false)
	if err != nil {
		return outbound.Answer{}, err
	}
	var v verdict
	defer func() { o.pin.leave(v) }()
	answer, err := send(ctx, pin, write)
	if err == nil {
		v = verdictOf(answer)
	}
	return answer, err
}

// verdictOf reads what an answer says about the PIN. Only a good answer proves it:
// a balance that is too low may have been looked at before the PIN was.
func verdictOf(a outbound.Answer) verdict {
	return verdict{proven: a.Good(), refused: pinRefusals[string(problemOf(a.Body).Code)]}
}
