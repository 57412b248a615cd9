package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
)

// addresses is where each part of the server listens, as host:port.
type addresses struct {
	frontend string // what clients and workers dial
	history  string
	matching string
	worker   string
	ui       string // empty without a Web UI
}

// reserve settles every address, so that a taken port is one clear error before anything
// has started. The inner services always take free ports: nobody dials them by hand, and
// two servers on one laptop then meet on two ports only.
//
// All ports are held until all are chosen, or the system could hand one out twice.
func reserve(ctx context.Context, o options) (addr addresses, err error) {
	var held []net.Listener
	var listen net.ListenConfig
	defer func() {
		for _, l := range held {
			l.Close() // it was only a reservation
		}
	}()
	hold := func(port int, flagName string) string {
		if err != nil {
			return ""
		}
		l, listenErr := listen.Listen(ctx, "tcp", net.JoinHostPort(o.ip, strconv.Itoa(port)))
		if listenErr != nil {
			err = fmt.Errorf("port %d is not free, choose another with %s: %w", port, flagName, listenErr)
			return ""
		}
		held = append(held, l)
		return l.Addr().String()
	}
	addr.frontend = hold(o.port, "--port")
	if o.uiPort != 0 {
		addr.ui = hold(o.uiPort, "--ui-port")
	}
	addr.history = hold(0, "--ip")
	addr.matching = hold(0, "--ip")
	addr.worker = hold(0, "--ip")
	return addr, err
}

// port is the port of one of our own addresses; they all come from net.Listener.
func port(address string) int {
	tcp, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		panic(fmt.Sprintf("devserver: %q is no address: %v", address, err))
	}
	return tcp.Port
}
