package sonatel

import (
	"context"
	"sync"
	"time"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// pinLock guards the retailer's PIN. Until Orange has accepted the PIN, one call at a time
// carries it. A wrong PIN then costs only one of the wallet's three tries. After a wrong
// PIN no call gets it.
type pinLock struct {
	mu      sync.Mutex
	pin     string
	proven  bool
	refused string        // the reason why the PIN must not leave again; "" while it may
	inside  int           // number of calls that carry the PIN
	alone   bool          // the call that carries the PIN excludes others
	moved   chan struct{} // closed whenever a call returns the PIN
}

// newPINLock returns the lock of a PIN that Orange has not accepted yet.
func newPINLock(pin string) *pinLock {
	return &pinLock{pin: pin, moved: make(chan struct{})}
}

// verdict is the result of a call for the PIN. The zero value is no result.
type verdict struct {
	proven  bool
	refused string
	pin     string // the PIN that replaced it; "" if none did
}

// enter returns the PIN as soon as the caller may use it; the caller must then call leave.
// alone waits until no other call carries the PIN. enter returns NotSent if the PIN must
// not leave, or if ctx ends first.
func (l *pinLock) enter(ctx context.Context, alone bool) (string, error) {
	for {
		pin, wait, err := l.try(alone)
		if wait == nil {
			return pin, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return "", pirogue.Errorf(operator.NotSent, "given up waiting for the PIN: %w", ctx.Err())
		}
	}
}

// try returns the PIN, or the channel to wait for.
func (l *pinLock) try(alone bool) (string, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Until the PIN is proven, each call goes alone.
	alone = alone || !l.proven
	switch {
	case l.refused != "":
		return "", nil, pirogue.Errorf(operator.NotSent, "not called: the PIN is %s; correct it and restart", l.refused)
	case l.alone || (alone && l.inside > 0):
		return "", l.moved, nil
	}
	l.inside++
	l.alone = alone
	return l.pin, nil, nil
}

// leave ends the use of the PIN and stores the call's verdict on it.
func (l *pinLock) leave(v verdict) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inside--
	l.alone = false
	// A proof is never forgotten, but a refusal still blocks the PIN.
	l.proven = l.proven || v.proven
	if v.refused != "" {
		l.refused = v.refused
	}
	if v.pin != "" {
		l.pin = v.pin
	}
	// Wakes every waiting call; each tries again.
	close(l.moved)
	l.moved = make(chan struct{})
}

// current returns the PIN, so that stored texts can be cleared of it.
func (l *pinLock) current() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pin
}

// sendPIN makes one call with the PIN. It may fetch one fresh key and send once more.
func (o *adapter) sendPIN(ctx context.Context, write pinRequest) (outbound.Response, error) {
	return o.withPIN(ctx, o.sealed, write)
}

// withPIN calls send with the PIN, all of it within one time-out. It stores the verdict on
// the PIN for any HTTP status. Waiting for the PIN takes at most half of that time-out. A
// call sent with less time may be cut off after its bytes have left.
func (o *adapter) withPIN(
	ctx context.Context, send func(context.Context, string, pinRequest) (outbound.Response, error), write pinRequest,
) (outbound.Response, error) {
	ctx, cancel := o.WithTimeout(ctx)
	defer cancel()
	pin, err := o.enterInTime(ctx)
	if err != nil {
		return outbound.Response{}, err
	}
	var v verdict
	defer func() { o.pin.leave(v) }()
	answer, err := send(ctx, pin, write)
	if err == nil {
		v = verdictOf(answer)
	}
	return answer, err
}

// enterInTime returns the PIN, or NotSent when half of ctx's time has passed before it may
// be used.
func (o *adapter) enterInTime(ctx context.Context) (string, error) {
	if end, limited := ctx.Deadline(); limited {
		waiting, stop := context.WithTimeout(ctx, time.Until(end)/2)
		defer stop()
		ctx = waiting
	}
	return o.pin.enter(ctx, false)
}

// actionResultOf returns the verdict of a response on the PIN. Only a good response proves the
// PIN: Orange may check a balance before the PIN.
func verdictOf(a outbound.Response) verdict {
	return verdict{proven: a.OK(), refused: pinRefusals[string(problemOf(a.Body).Code)]}
}
