package client

import (
	"bufio"
	"net"
	"net/http/httptrace"
	"testing"

	"github.com/stretchr/testify/require"
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

func TestUnwrittenCallNeverWrites(t *testing.T) {
	t.Parallel()
	var l writeTracker
	c := pipe(t)
	l.gotConnection(httptrace.GotConnInfo{Conn: c})
	require.True(t, l.proveNotSent(), "a call that wrote nothing is not silent")
	_, err := c.Write([]byte("late"))
	require.ErrorIs(t, err, net.ErrClosed)
}

func TestOneConnectionWrites(t *testing.T) {
	t.Parallel()
	var l writeTracker
	first, second := pipe(t), pipe(t)
	l.gotConnection(httptrace.GotConnInfo{Conn: first})
	_, err := first.Write([]byte("POST"))
	require.NoError(t, err)
	l.gotConnection(httptrace.GotConnInfo{Conn: second})
	_, err = second.Write([]byte("POST"))
	require.ErrorIs(t, err, net.ErrClosed)
	require.False(t, l.proveNotSent(), "a call that wrote is silent")
}

func TestUnwrittenFirstConnection(t *testing.T) {
	t.Parallel()
	var l writeTracker
	l.gotConnection(httptrace.GotConnInfo{Conn: pipe(t)})
	second := pipe(t)
	l.gotConnection(httptrace.GotConnInfo{Conn: second})
	_, err := second.Write([]byte("GET"))
	require.NoError(t, err)
	require.False(t, l.proveNotSent(), "a call that wrote is silent")
}

func TestForeignConnection(t *testing.T) {
	t.Parallel()
	var l writeTracker
	l.gotConnection(httptrace.GotConnInfo{Conn: pipe(t).Conn})
	require.False(t, l.proveNotSent(), "silent on a connection nobody counted")
}

func TestIdleConnectionIsUnwritten(t *testing.T) {
	t.Parallel()
	c := pipe(t)
	_, err := c.Write([]byte("POST"))
	require.NoError(t, err)
	var next writeTracker
	next.gotConnection(httptrace.GotConnInfo{Conn: c})
	require.True(t, next.proveNotSent(), "the call before counts against the next")
}
