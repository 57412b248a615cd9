package main

import (
	"fmt"
	"os"

	"github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

// startUI serves the Web UI until Stop.
//
// What could move money twice is switched off: a reset runs activities again, a terminated
// workflow leaves a payment nobody follows, and a start or a batch goes round the payment
// row that makes a payment unique. Activity commands stay, for support needs them.
func startUI(o options, addr addresses) *server.Server {
	ui := server.NewServer(server_options.WithConfigProvider(&config.Config{
		TemporalGRPCAddress: addr.frontend,
		Host:                o.ip,
		Port:                port(addr.ui),
		EnableUI:            true,
		DefaultNamespace:    o.namespace,
		Codec:               config.Codec{Endpoint: o.codecEndpoint},
		CORS:                config.CORS{CookieInsecure: true}, // plain HTTP on the loopback interface

		WorkflowResetDisabled:     true,
		WorkflowTerminateDisabled: true,
		StartWorkflowDisabled:     true,
		BatchActionsDisabled:      true,

		HideLogs:         true,
		DisableNewsFetch: true,
	}))
	go func() {
		if err := ui.Start(); err != nil {
			fmt.Fprintln(os.Stderr, "devserver: Web UI:", err)
		}
	}()
	return ui
}
