package deploy_test

import (
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue/config"
	"pirogue/store"
	"pirogue/worker"
)

// The processes of one deployment. A deploy runs migrate beside them.
const (
	workers  = 3
	apis     = 2
	services = 4 // of Temporal: each has a pool for each of its two databases
	reserved = 3 // connections that PostgreSQL keeps for its superuser
)

// Sizes in MiB, measured or above what was measured, see docs/benchmarks.md.
const (
	perConnection = 5   // of PostgreSQL
	perWorkflow   = 0.1 // cached by a worker, with its goroutine
	idleWorker    = 64
	idleTemporal  = 300
)

// Every deployment that deploy/ describes.
var deployments = map[string]string{"docker-compose.yml": "", "100 payments a second": "scale-100.yml"}

// A pool that finds no free connection fails payments, and so does PostgreSQL when it is full.
func TestPostgresHasAConnectionForEveryPool(t *testing.T) {
	t.Parallel()
	for name, overlay := range deployments {
		file := readSizes(t, overlay)
		pool := func(service string) int {
			return store.MaxConnections(settings(t, file[service]).DatabaseConnections)
		}
		temporal := file["temporal"].Environment
		most := number(t, postgresSetting(t, file, "max_connections"))
		sum := workers*pool("worker") + apis*pool("api") + pool("migrate") + reserved +
			services*(number(t, temporal["SQL_MAX_CONNS"])+number(t, temporal["SQL_VIS_MAX_CONNS"]))
		require.LessOrEqual(t, sum, most, "%s: connections", name)

		memory := mebibytes(t, postgresSetting(t, file, "shared_buffers")) + float64(most)*perConnection
		require.LessOrEqual(t, memory, 0.8*mebibytes(t, file["postgres"].Deploy.Resources.Limits.Memory),
			"%s: PostgreSQL's memory; the rest caches files", name)
	}
}

// A process above its container's memory is killed, and starts again into the same load.
func TestEveryProcessFitsItsMemory(t *testing.T) {
	t.Parallel()
	for name, overlay := range deployments {
		file := readSizes(t, overlay)
		for service, s := range file {
			if service != "temporal" && (!strings.HasPrefix(s.Image, "pirogue:")) {
				continue
			}
			share := mebibytes(t, s.Environment["GOMEMLIMIT"]) / mebibytes(t, s.Deploy.Resources.Limits.Memory)
			require.GreaterOrEqual(t, share, 0.85, "%s: %s wastes memory", name, service)
			require.LessOrEqual(t, share, 0.9, "%s: %s leaves nothing for stacks and buffers of the system", name, service)
		}
		cached := float64(settings(t, file["worker"]).CachedWorkflows) * perWorkflow
		require.LessOrEqual(t, idleWorker+cached, mebibytes(t, file["worker"].Environment["GOMEMLIMIT"]),
			"%s: the cache of a worker", name)
	}
	limits := dynamicLimits(t)
	caches := limits["history.hostLevelCacheMaxSizeBytes"] + limits["history.eventsHostLevelCacheMaxSizeBytes"]
	temporal := readCompose(t).Services["temporal"].Environment
	require.LessOrEqual(t, idleTemporal+float64(caches)/(1<<20), mebibytes(t, temporal["GOMEMLIMIT"]))
}

// With more slots than this, activities wait for a connection until they fail and are repeated.
func TestActivitiesHaveConnections(t *testing.T) {
	t.Parallel()
	for name, overlay := range deployments {
		conns := settings(t, readSizes(t, overlay)["worker"]).DatabaseConnections
		require.Equal(t, 2*conns, worker.DatabaseSlots(conns), name)
	}
}

// Temporal refuses requests above its limits, so they hold twice what 100 payments a second ask for.
// docs/scale.md counts the requests of a payment.
func TestTemporalAcceptsAHundredPaymentsASecond(t *testing.T) {
	t.Parallel()
	limits := dynamicLimits(t)
	for setting, perPayment := range map[string]int{
		"frontend.rps": 34, "frontend.namespaceRPS": 34, "matching.rps": 30, "history.rps": 40,
		"history.persistenceMaxQPS": 100, "matching.persistenceMaxQPS": 30, "frontend.persistenceMaxQPS": 10,
	} {
		require.GreaterOrEqual(t, limits[setting], 2*100*perPayment, setting)
	}
}

// readSizes returns the services of docker-compose.yml with those of an overlay over them.
func readSizes(t *testing.T, overlay string) map[string]service {
	t.Helper()
	file := readCompose(t).Services
	if overlay == "" {
		return file
	}
	var over compose
	decode(t, overlay, &over)
	for name, s := range over.Services {
		require.Contains(t, file, name, "%s changes a service that is not there", overlay)
		merged := file[name]
		maps.Copy(merged.Environment, s.Environment)
		if s.Command != nil {
			merged.Command = s.Command
		}
		merged.Deploy.Resources.Limits = s.Deploy.Resources.Limits
		file[name] = merged
	}
	return file
}

// settings returns the settings of a service that concern sizes, with Pirogue's defaults.
func settings(t *testing.T, s service) config.Config {
	t.Helper()
	var environ []string
	for _, name := range []string{"PIROGUE_DB_CONNECTIONS", "PIROGUE_CACHED_WORKFLOWS"} {
		if value, set := s.Environment[name]; set {
			environ = append(environ, name+"="+value)
		}
	}
	conf, err := config.Load(environ)
	require.NoError(t, err)
	return conf
}

// postgresSetting returns the value of a setting on the command line of PostgreSQL.
func postgresSetting(t *testing.T, file map[string]service, name string) string {
	t.Helper()
	for _, word := range file["postgres"].Command {
		if value, found := strings.CutPrefix(word, name+"="); found {
			return value
		}
	}
	require.Fail(t, "PostgreSQL is started without "+name)
	return ""
}

// dynamicLimits returns the numbers of Temporal's dynamic settings that hold for all queues.
func dynamicLimits(t *testing.T) map[string]int {
	t.Helper()
	var rows map[string][]struct {
		Value       any
		Constraints map[string]any
	}
	decode(t, "temporal/dynamic.yaml", &rows)
	limits := map[string]int{}
	for name, list := range rows {
		for _, row := range list {
			if n, ok := row.Value.(int); ok && len(row.Constraints) == 0 {
				limits[name] = n
			}
		}
	}
	return limits
}

// mebibytes reads a size such as 512M, 1G, 450MiB or 256MB. Docker and PostgreSQL count in powers of
// two, whatever the unit is called.
func mebibytes(t *testing.T, size string) float64 {
	t.Helper()
	digits := strings.TrimRight(size, "GMiB")
	unit := strings.TrimPrefix(size, digits)
	n := float64(number(t, digits))
	if strings.HasPrefix(unit, "G") {
		return 1024 * n
	}
	require.True(t, strings.HasPrefix(unit, "M"), "size %q", size)
	return n
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}
