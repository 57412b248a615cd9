package client

import (
	"bufio"
	"errors"
	"net"
	"net/http/httptrace"
	"testing"
)

// pipe returns a connection whose other end reads everything.
func pipe(t *testing.T) *trackedConn {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() {
		for in := bufio.NewReader(theirs); waits(in); {
			continue
		}
	}()
	t.Cleanup(func() { closes(ours) })
	return &trackedConn{Conn: ours}
}

func TestASilentCallNeverSpeaksAgain(t *testing.T) {
	t.Parallel()
	var l writeTracker
	c := pipe(t)
	l.gotConnection(httptrace.GotConnInfo{Conn: c})
	if !l.proveNotSent() {
		t.Fatal("a call that wrote nothing is not silent")
	}
	if _, err := c.Write([]byte("late")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a write after the verdict: %v, want closed", err)
	}
}

func TestACallSpeaksOnOneConnectionOnly(t *testing.T) {
	t.Parallel()
	var l writeTracker
	first, second := pipe(t), pipe(t)
	l.gotConnection(httptrace.GotConnInfo{Conn: first})
	if _, err := first.Write([]byte("POST")); err != nil {
		t.Fatal(err)
	}
	l.gotConnection(httptrace.GotConnInfo{Conn: second})
	if _, err := second.Write([]byte("POST")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the second connection took a write: %v", err)
	}
	if l.proveNotSent() {
		t.Error("a call that wrote is silent")
	}
}

func TestASilentFirstConnectionLeavesTheSecondFree(t *testing.T) {
	t.Parallel()
	var l writeTracker
	l.gotConnection(httptrace.GotConnInfo{Conn: pipe(t)})
	second := pipe(t)
	l.gotConnection(httptrace.GotConnInfo{Conn: second})
	if _, err := second.Write([]byte("GET")); err != nil {
		t.Error(err)
	}
	if l.proveNotSent() {
		t.Error("a call that wrote is silent")
	}
}

func TestAConnectionThatIsNotOursIsNeverSilent(t *testing.T) {
	t.Parallel()
	var l writeTracker
	l.gotConnection(httptrace.GotConnInfo{Conn: pipe(t).Conn})
	if l.proveNotSent() {
		t.Error("silent on a connection nobody counted")
	}
}

func TestAKeptConnectionIsQuietForTheNextCall(t *testing.T) {
	t.Parallel()
	c := pipe(t)
	if _, err := c.Write([]byte("POST")); err != nil {
		t.Fatal(err)
	}
	var next writeTracker
	next.gotConnection(httptrace.GotConnInfo{Conn: c})
	if !next.proveNotSent() {
		t.Error("the call before counts against the next")
	}
}
