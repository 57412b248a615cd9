package sonatel

import (
	"context"
	"sync"
	"time"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// pinLock guards the retailer's PIN. Until Orange has accepted the PIN, one call at a time
// carries it. A wrong PIN then costs only one of the wallet's three tries. After a wrong
// PIN no call gets it.
type pinLock struct {
	mu       sync.Mutex
	pin      string
	proven   bool
	refused  string        // the reason why the PIN must not leave again; "" while it may
	holders  int           // number of calls that carry the PIN
	alone    bool          // the call that carries the PIN excludes others
	released chan struct{} // closed whenever a call returns the PIN
}

// newPINLock returns the lock of a PIN that Orange has not accepted yet.
func newPINLock(pin string) *pinLock {
	return &pinLock{pin: pin, released: make(chan struct{})}
}

// pinResult is the result of a call for the PIN. The zero value is no result.
type pinResult struct {
	proven  bool
	refused string
	newPIN  string // the PIN that replaced it; "" if none did
}

// acquire returns the PIN as soon as the caller may use it; the caller must then call release.
// alone waits until no other call carries the PIN. acquire returns NotSent if the PIN must
// not leave, or if ctx ends first.
func (l *pinLock) acquire(ctx context.Context, alone bool) (string, error) {
	for {
		pin, wait, err := l.tryAcquire(alone)
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

// tryAcquire returns the PIN, or the channel to wait for.
func (l *pinLock) tryAcquire(alone bool) (string, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Until the PIN is proven, each call goes alone.
	alone = alone || !l.proven
	switch {
	case l.refused != "":
		return "", nil, pirogue.Errorf(operator.NotSent, "not called: the PIN is %s; correct it and restart", l.refused)
	case l.alone || (alone && l.holders > 0):
		return "", l.released, nil
	}
	l.holders++
	l.alone = alone
	return l.pin, nil, nil
}

// release ends the use of the PIN and stores the call's result for it.
func (l *pinLock) release(result pinResult) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holders--
	l.alone = false
	// A proof is never forgotten, but a refusal still blocks the PIN.
	l.proven = l.proven || result.proven
	if result.refused != "" {
		l.refused = result.refused
	}
	if result.newPIN != "" {
		l.pin = result.newPIN
	}
	// Wakes every waiting call; each tries again.
	close(l.released)
	l.released = make(chan struct{})
}

// current returns the PIN, so that stored texts can be cleared of it.
func (l *pinLock) current() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pin
}

// sendPIN makes one call with the PIN. It may fetch one fresh key and send once more.
func (r *retailer) sendPIN(ctx context.Context, write pinRequest) (client.Response, error) {
	return r.withPIN(ctx, r.sendSealed, write)
}

// withPIN calls send with the PIN, all of it within one time-out. It stores the result for
// the PIN for any HTTP status. Waiting for the PIN takes at most half of that time-out. A
// call sent with less time may be cut off after its bytes have left.
func (r *retailer) withPIN(
	ctx context.Context, send func(context.Context, string, pinRequest) (client.Response, error), write pinRequest,
) (client.Response, error) {
	ctx, cancel := r.WithTimeout(ctx)
	defer cancel()
	pin, err := r.acquireInTime(ctx)
	if err != nil {
		return client.Response{}, err
	}
	var result pinResult
	defer func() { r.pin.release(result) }()
	resp, err := send(ctx, pin, write)
	if err == nil {
		result = readPINResult(resp)
	}
	return resp, err
}

// acquireInTime returns the PIN, or NotSent when half of ctx's time has passed before it may
// be used.
func (r *retailer) acquireInTime(ctx context.Context) (string, error) {
	if end, limited := ctx.Deadline(); limited {
		waiting, stop := context.WithTimeout(ctx, time.Until(end)/2)
		defer stop()
		ctx = waiting
	}
	return r.pin.acquire(ctx, false)
}

// readPINResult returns the result of a response for the PIN. Only a good response proves the
// PIN: Orange may check a balance before the PIN.
func readPINResult(r client.Response) pinResult {
	return pinResult{proven: r.OK(), refused: pinRefusals[string(readErrorBody(r.Body).Code)]}
}
