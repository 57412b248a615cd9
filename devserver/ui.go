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
// What could move money twice, or leave a payment that nobody follows, is switched off:
// reset, terminate, cancel, pause, signal, update, start and batch. Support acts by the
// admin API, which keeps who did it and why. Activity commands stay, for support needs them.
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
		WorkflowCancelDisabled:    true,
		WorkflowPauseDisabled:     true,
		WorkflowSignalDisabled:    true,
		WorkflowUpdateDisabled:    true,
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
