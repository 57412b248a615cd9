package client

import (
	"net"
	"net/http/httptrace"
	"sync/atomic"
)

// The state of a connection that a call uses.
const (
	nothingWritten int32 = iota // no byte is written yet
	writeBegun                  // a write began; nobody can know how much of it left
	sealed                      // no byte was written, and none ever will be
)

// trackedConn records whether its call has begun to write. It lies above TLS, so handshakes and
// alerts do not count. httptrace alone cannot tell: its WroteHeaders reports a write into a
// buffer, whose bytes may never have left.
type trackedConn struct {
	net.Conn
	state atomic.Int32
}

// Write writes to the network. It returns net.ErrClosed if the connection is sealed.
func (c *trackedConn) Write(p []byte) (int, error) {
	if !c.state.CompareAndSwap(nothingWritten, writeBegun) && c.state.Load() == sealed {
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

// seal forbids writing, unless a write has begun. It reports whether the connection is
// sealed.
func (c *trackedConn) seal() bool {
	return c.state.CompareAndSwap(nothingWritten, sealed) || c.state.Load() == sealed
}

// writeTracker tracks the connections that the transport gives to one call. It lets the call write
// on one of them at most. The transport would open a second one if a kept connection fails under a
// request that may be replayed. A replay could pay twice.
type writeTracker struct {
	conn  *trackedConn
	blind bool // the connection is not of type trackedConn, so every failure is Unknown
}

// gotConnection takes over a connection. It is the GotConn hook of an httptrace.ClientTrace, which
// the transport calls before it writes.
func (w *writeTracker) gotConnection(info httptrace.GotConnInfo) {
	c, ours := info.Conn.(*trackedConn)
	switch {
	case !ours:
		w.blind = true
	case w.proveNotSent():
		c.state.Store(nothingWritten)
		w.conn = c
	default:
		c.state.Store(sealed)
	}
}

// proveNotSent reports whether no byte of the call has left, and ensures that none will. After
// true the call is dead, even if the transport is about to write. NotSent rests on this.
func (w *writeTracker) proveNotSent() bool {
	return !w.blind && (w.conn == nil || w.conn.seal())
}
