package outbound

import (
	"bufio"
	"errors"
	"net"
	"net/http/httptrace"
	"testing"
)

// pipe returns a connection whose other end reads everything.
func pipe(t *testing.T) *conn {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() {
		for in := bufio.NewReader(theirs); waits(in); {
			continue
		}
	}()
	t.Cleanup(func() { closes(ours) })
	return &conn{Conn: ours}
}

func TestASilentCallNeverSpeaksAgain(t *testing.T) {
	t.Parallel()
	var l line
	c := pipe(t)
	l.got(httptrace.GotConnInfo{Conn: c})
	if !l.silent() {
		t.Fatal("a call that wrote nothing is not silent")
	}
	if _, err := c.Write([]byte("late")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a write after the verdict: %v, want closed", err)
	}
}

func TestACallSpeaksOnOneConnectionOnly(t *testing.T) {
	t.Parallel()
	var l line
	first, second := pipe(t), pipe(t)
	l.got(httptrace.GotConnInfo{Conn: first})
	if _, err := first.Write([]byte("POST")); err != nil {
		t.Fatal(err)
	}
	l.got(httptrace.GotConnInfo{Conn: second})
	if _, err := second.Write([]byte("POST")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the second connection took a write: %v", err)
	}
	if l.silent() {
		t.Error("a call that wrote is silent")
	}
}

func TestASilentFirstConnectionLeavesTheSecondFree(t *testing.T) {
	t.Parallel()
	var l line
	l.got(httptrace.GotConnInfo{Conn: pipe(t)})
	second := pipe(t)
	l.got(httptrace.GotConnInfo{Conn: second})
	if _, err := second.Write([]byte("GET")); err != nil {
		t.Error(err)
	}
	if l.silent() {
		t.Error("a call that wrote is silent")
	}
}

func TestAConnectionThatIsNotOursIsNeverSilent(t *testing.T) {
	t.Parallel()
	var l line
	l.got(httptrace.GotConnInfo{Conn: pipe(t).Conn})
	if l.silent() {
		t.Error("silent on a connection nobody counted")
	}
}

func TestAKeptConnectionIsQuietForTheNextCall(t *testing.T) {
	t.Parallel()
	c := pipe(t)
	if _, err := c.Write([]byte("POST")); err != nil {
		t.Fatal(err)
	}
	var next line
	next.got(httptrace.GotConnInfo{Conn: c})
	if !next.silent() {
		t.Error("the call before counts against the next")
	}
}
