package main

import (
	"fmt"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

// startTemporal starts the four services of a Temporal server in this process.
func startTemporal(o options, addr addresses, db *database, logger log.Logger) (temporal.Server, error) {
	server, err := temporal.NewServer(
		temporal.WithConfig(serverConfig(o, addr, db)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(staticHosts(addr)),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithDynamicConfigClient(dynamicSettings()),
	)
	if err != nil {
		return nil, fmt.Errorf("set up Temporal: %w", err)
	}
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("start Temporal: %w", err)
	}
	return server, nil
}

// dynamicSettings are the settings that differ from a plain server's.
func dynamicSettings() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// As in production: merchants take turns, and a rate limit is exact on one partition.
		dynamicconfig.MatchingEnableFairness.Key():              true,
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,

		// A worker that idles polls anew every 20 s: one that has not for 30 s is gone.
		dynamicconfig.MatchingLongPollExpirationInterval.Key(): longPoll,

		// One shard has what a cluster spreads over hundreds. By default a shard looks for
		// work 20 times a second, which makes every step of a busy laptop wait 40 ms.
		dynamicconfig.TransferProcessorMaxPollRPS.Key():   shardPolls,
		dynamicconfig.TimerProcessorMaxPollRPS.Key():      shardPolls,
		dynamicconfig.VisibilityProcessorMaxPollRPS.Key(): shardPolls,

		// For tests: a 31-hour webhook schedule runs in seconds.
		dynamicconfig.WorkflowTimeSkippingEnabled.Key(): true,
		dynamicconfig.WorkflowPauseEnabled.Key():        true,

		// Usable at once: a namespace or search attribute just added is seen by the next request.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
		dynamicconfig.NamespaceCacheRefreshInterval.Key():           namespaceRefresh,
	}
}

// longPoll says how long a poll that finds no work stays open.
const longPoll = 20 * time.Second

// shardPolls is how often a second the one shard may look for work of each kind.
const shardPolls = 2000

// namespaceRefresh is how soon a change to a namespace is seen by every service.
const namespaceRefresh = time.Second

func serverConfig(o options, addr addresses, db *database) *config.Config {
	cfg := &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     "main",
			VisibilityStore:  "main",
			NumHistoryShards: db.shards,
			DataStores:       map[string]config.DataStore{"main": {SQL: db.sql}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: addr.frontend},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		PublicClient:        config.PublicClient{HostPort: addr.frontend},
		Services: map[string]config.Service{
			string(primitives.FrontendService): service(o.ip, addr.frontend),
			string(primitives.HistoryService):  service(o.ip, addr.history),
			string(primitives.MatchingService): service(o.ip, addr.matching),
			string(primitives.WorkerService):   service(o.ip, addr.worker),
		},
	}
	if db.visibility != nil {
		cfg.Persistence.VisibilityStore = "visibility"
		cfg.Persistence.DataStores["visibility"] = config.DataStore{SQL: db.visibility}
	}
	cfg.Global.Membership = config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: o.ip}
	cfg.Archival.History.State = config.ArchivalDisabled
	cfg.Archival.Visibility.State = config.ArchivalDisabled
	cfg.NamespaceDefaults.Archival.History.State = config.ArchivalDisabled
	cfg.NamespaceDefaults.Archival.Visibility.State = config.ArchivalDisabled
	return cfg
}

func service(ip, address string) config.Service {
	return config.Service{RPC: config.RPC{BindOnIP: ip, GRPCPort: port(address)}}
}

// staticHosts spares the services from looking for each other: they are all here.
func staticHosts(addr addresses) map[primitives.ServiceName]static.Hosts {
	return map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService: static.SingleLocalHost(addr.frontend),
		primitives.HistoryService:  static.SingleLocalHost(addr.history),
		primitives.MatchingService: static.SingleLocalHost(addr.matching),
		primitives.WorkerService:   static.SingleLocalHost(addr.worker),
	}
}
