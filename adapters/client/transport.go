package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// The limits of every client's connections.
const (
	dialTimeout = 3 * time.Second
	tlsTimeout  = 3 * time.Second
	maxHeader   = 64 << 10         // bytes of a response's header
	maxConns    = 64               // to one operator; a call that gets no connection in time is NotSent
	idleConns   = 16               // kept for the next call
	idleTimeout = 30 * time.Second // shorter than the servers', so that a kept connection is rarely closed
)

// transport opens tracked connections to one operator.
type transport struct {
	*http.Transport

	tls *tls.Config
}

// newTransport returns a transport for HTTP/1.1 only. One connection then serves one call
// at a time, so trackedConn's record of written bytes is exact. Proxy stays nil, so that the
// environment cannot redirect calls.
func newTransport() *transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	t := &transport{tls: &tls.Config{MinVersion: tls.VersionTLS12}}
	t.Transport = &http.Transport{
		DialContext:            dial,
		DialTLSContext:         t.dialTLS,
		Protocols:              &protocols,
		DisableCompression:     true, // an expanded body could exceed the limit on bytes read
		MaxResponseHeaderBytes: maxHeader,
		MaxConnsPerHost:        maxConns,
		MaxIdleConns:           idleConns,
		MaxIdleConnsPerHost:    idleConns,
		IdleConnTimeout:        idleTimeout,
	}
	return t
}

// dial opens a connection without TLS, which only simulators use.
func dial(ctx context.Context, network, addr string) (net.Conn, error) {
	raw, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &trackedConn{Conn: raw}, nil
}

// dialTLS opens a connection and completes its TLS handshake.
func (t *transport) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	raw, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	settings := t.tls.Clone()
	settings.ServerName = host
	secure := tls.Client(raw, settings)
	ctx, cancel := context.WithTimeout(ctx, tlsTimeout)
	defer cancel()
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("TLS handshake: %w", err), raw.Close())
	}
	return &trackedConn{Conn: secure}, nil
}
