package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
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
// on one of them at most. The transport would open a second one if a kept connection fails
// under a request that it thinks it may replay. A replay could pay twice.
type writeTracker struct {
	conn  *trackedConn
	blind bool // the connection is not of type conn, so every failure is Unknown
}

// gotConnection takes over a connection. It is the GotConn hook of an httptrace.ClientTrace, which
// the transport calls before it writes.
func (l *writeTracker) gotConnection(info httptrace.GotConnInfo) {
	c, ours := info.Conn.(*trackedConn)
	switch {
	case !ours:
		l.blind = true
	case l.proveNotSent():
		c.state.Store(nothingWritten)
		l.conn = c
	default:
		c.state.Store(sealed)
	}
}

// proveNotSent reports whether no byte of the call has left, and ensures that none will. After
// true the call is dead, even if the transport is about to write. NotSent rests on this.
func (l *writeTracker) proveNotSent() bool {
	return !l.blind && (l.conn == nil || l.conn.seal())
}

// dial opens a connection without TLS, which only simulators use.
func (c *Client) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	raw, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &trackedConn{Conn: raw}, nil
}

// dialTLS opens a connection and completes its TLS handshake.
func (c *Client) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	raw, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	settings := c.tls.Clone()
	settings.ServerName = host
	secure := tls.Client(raw, settings)
	ctx, cancel := context.WithTimeout(ctx, tlsTimeout)
	defer cancel()
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("TLS handshake: %w", err), raw.Close())
	}
	return &trackedConn{Conn: secure}, nil
}
