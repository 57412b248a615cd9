// Package deploy_test checks the deployment's files by reading them. It needs no container engine,
// which a machine may lack.
package deploy_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"pirogue/adapters"
	"pirogue/config"
	"pirogue/routing"
	"pirogue/workflows"
)

// compose holds the fields of docker-compose.yml that these tests check.
type compose struct {
	Services map[string]service               `yaml:"services"`
	Secrets  map[string]struct{ File string } `yaml:"secrets"`
	Networks map[string]any                   `yaml:"networks"`
}

type service struct {
	Image       string            `yaml:"image"`
	Command     []string          `yaml:"command"`
	Restart     string            `yaml:"restart"`
	ReadOnly    bool              `yaml:"read_only"`
	SecurityOpt []string          `yaml:"security_opt"`
	Environment map[string]string `yaml:"environment"`
	Secrets     []string          `yaml:"secrets"`
	Ports       []string          `yaml:"ports"`
	Networks    []string          `yaml:"networks"`
	NetworkMode string            `yaml:"network_mode"`
	DependsOn   map[string]struct {
		Condition string `yaml:"condition"`
	} `yaml:"depends_on"`
	Healthcheck struct {
		Test    []string `yaml:"test"`
		Disable bool     `yaml:"disable"`
	} `yaml:"healthcheck"`
	Logging struct {
		Options map[string]string `yaml:"options"`
	} `yaml:"logging"`
	Deploy struct {
		Resources struct {
			Limits struct{ CPUs, Memory string }
		}
	} `yaml:"deploy"`
}

// job reports whether a service runs to its end before others start.
func (s service) job() bool { return strings.HasPrefix(s.Restart, "on-failure:") }

// fullVersion matches a tag that never moves to another minor version.
var fullVersion = regexp.MustCompile(`^[a-z./-]+:v?\d+(\.\d+)+$`)

// A restart must never bring another version.
func TestImagesArePinned(t *testing.T) {
	t.Parallel()
	for name, s := range readCompose(t).Services {
		image := strings.ReplaceAll(s.Image, "${PIROGUE_VERSION:-1.0.0}", "1.0.0")
		require.True(t, fullVersion.MatchString(image), "%s runs %s, want a full version", name, s.Image)
	}
}

// Compose waits on health, and a service must come back after a crash.
func TestWhatServesHasAHealthcheckAndJobsEnd(t *testing.T) {
	t.Parallel()
	for name, s := range readCompose(t).Services {
		checked := len(s.Healthcheck.Test) > 1 && s.Healthcheck.Test[0] == "CMD" && !s.Healthcheck.Disable
		require.NotEqual(t, s.job(), checked, "%s has a healthcheck if and only if it serves", name)
		if !s.job() {
			require.Equal(t, "unless-stopped", s.Restart, "%s does not come back after a crash", name)
		}
	}
}

// A service must not start before its database, its schema and its namespace exist.
func TestDependenciesWaitForTheRightThing(t *testing.T) {
	t.Parallel()
	services := readCompose(t).Services
	for name, s := range services {
		for on, dependency := range s.DependsOn {
			want := "service_healthy"
			if services[on].job() {
				want = "service_completed_successfully"
			}
			require.Contains(t, services, on, "%s depends on %s, which is not there", name, on)
			require.Equal(t, want, dependency.Condition, "%s waits for %s", name, on)
		}
	}
	for name, on := range map[string]string{
		"temporal": "temporal-schema", "temporal-schema": "postgres", "migrate": "postgres",
		"api": "migrate", "worker": "temporal-namespace",
	} {
		require.Contains(t, services[name].DependsOn, on, "%s does not wait for %s", name, on)
	}
}

// Every secret is made by one script, is declared, and stays out of git.
func TestSecretsAreFiles(t *testing.T) {
	t.Parallel()
	file := readCompose(t)
	script := read(t, "../scripts/secrets.sh")
	for name, secret := range file.Secrets {
		require.Equal(t, "./secrets/"+name, secret.File)
		require.Contains(t, script, "keep "+name+"\n", "`make secrets` does not make %s", name)
	}
	for name, s := range file.Services {
		for _, secret := range s.Secrets {
			require.Contains(t, file.Secrets, secret, "%s uses secret %s, which is not declared", name, secret)
		}
	}
	for _, line := range []string{"/secrets/", "/pirogue.env"} {
		require.Contains(t, read(t, "../.gitignore"), "\n"+line+"\n")
	}
}

// secretive matches the usual names of settings that must stay secret.
var secretive = regexp.MustCompile(`PASSWORD|PWD|SECRET|TOKEN|KEY|CREDENTIAL|DATABASE_URL`)

// Settings that hold a secret name a file, so that no environment or process list shows it.
func TestNoPasswordIsWrittenDown(t *testing.T) {
	t.Parallel()
	for name, s := range readCompose(t).Services {
		for setting, value := range s.Environment {
			if !secretive.MatchString(setting) {
				continue
			}
			secret, isFile := strings.CutPrefix(value, "/run/secrets/")
			require.True(t, strings.HasSuffix(setting, "_FILE") && isFile, "%s: %s is %q, no file", name, setting, value)
			require.Contains(t, s.Secrets, secret, "%s is not given the file of %s", name, setting)
		}
	}
}

// Only a reverse proxy on the machine may reach the ports.
func TestOnlyLoopbackIsPublished(t *testing.T) {
	t.Parallel()
	published := []string{}
	for name, s := range readCompose(t).Services {
		for _, port := range s.Ports {
			published = append(published, name)
			require.True(t, strings.HasPrefix(port, "127.0.0.1:"), "%s publishes %s to the world", name, port)
		}
	}
	slices.Sort(published)
	require.Equal(t, []string{"api", "sandbox", "temporal-ui"}, published, "services with a published port:")
}

// A compromised service must reach as little as possible, and none may fill the disk or the memory.
func TestContainersAreConfined(t *testing.T) {
	t.Parallel()
	file := readCompose(t)
	for name, s := range file.Services {
		limits := s.Deploy.Resources.Limits
		for what, good := range map[string]bool{
			"a read-only file system": s.ReadOnly,
			"no new privileges":       slices.Contains(s.SecurityOpt, "no-new-privileges:true"),
			"limits":                  limits.CPUs != "" && limits.Memory != "",
			"log rotation":            s.Logging.Options["max-size"] != "" && s.Logging.Options["max-file"] != "",
			"a network of its own":    len(s.Networks) > 0 || name == relay && s.NetworkMode == "service:api",
		} {
			require.True(t, good, "%s has not %s", name, what)
		}
		for _, network := range s.Networks {
			require.Contains(t, file.Networks, network, "%s is on network %s, which is not declared", name, network)
		}
	}
	require.Equal(t, []string{"data"}, file.Services["postgres"].Networks)
}

// The number of shards is fixed for ever at the first start. The Web UI must not offer actions that
// bypass support's API.
func TestTemporalIsSetUpForGood(t *testing.T) {
	t.Parallel()
	services := readCompose(t).Services
	temporal := services["temporal"].Environment
	require.Equal(t, "512", temporal["NUM_HISTORY_SHARDS"], "it can never be changed, and 512 serves any size")
	require.NotEmpty(t, temporal["DYNAMIC_CONFIG_FILE_PATH"], "the server does not start without it")
	for _, off := range []string{
		"TEMPORAL_WORKFLOW_RESET_DISABLED", "TEMPORAL_WORKFLOW_TERMINATE_DISABLED",
		"TEMPORAL_WORKFLOW_CANCEL_DISABLED", "TEMPORAL_WORKFLOW_PAUSE_DISABLED",
		"TEMPORAL_WORKFLOW_SIGNAL_DISABLED", "TEMPORAL_WORKFLOW_UPDATE_DISABLED",
		"TEMPORAL_START_WORKFLOW_DISABLED", "TEMPORAL_BATCH_ACTIONS_DISABLED",
	} {
		require.Equal(t, "true", services["temporal-ui"].Environment[off], off)
	}
}

// A limit of an operator's calls per second is exact only on a queue with one partition.
func TestOperatorQueuesHaveOnePartition(t *testing.T) {
	t.Parallel()
	var settings map[string][]struct {
		Value       any
		Constraints struct {
			Queue string `yaml:"taskQueueName"`
		}
	}
	decode(t, "temporal/dynamic.yaml", &settings)
	// Every other queue belongs to an operator, and has a limit.
	unlimited := []string{workflows.PaymentsQueue, workflows.WebhooksQueue}
	for _, list := range []string{"matching.numTaskqueueReadPartitions", "matching.numTaskqueueWritePartitions"} {
		fallback := false
		for _, row := range settings[list] {
			fallback = fallback || row.Constraints.Queue == "" && row.Value == 1
			if !slices.Contains(unlimited, row.Constraints.Queue) {
				require.Equal(t, 1, row.Value, "%s: partitions of %q", list, row.Constraints.Queue)
			}
		}
		require.True(t, fallback, "%s: a queue that is not named has not one partition", list)
	}
	rows := settings["matching.enableFairness"]
	require.Len(t, rows, 1)
	require.Equal(t, true, rows[0].Value)
}

// A reader starts from this file.
func TestTheExampleOfOperatorsIsOneThatWorks(t *testing.T) {
	t.Parallel()
	conf, err := config.Load([]string{"PIROGUE_OPERATORS_FILE=operators.example.json"})
	require.NoError(t, err)
	instances, err := adapters.Open(conf.Operators, time.Now)
	require.NoError(t, err)
	_, err = routing.NewRouteTable(instances, conf.Routes)
	require.NoError(t, err)
}

// A misspelt setting would be ignored in silence.
func TestPirogueKnowsEverySettingItIsGiven(t *testing.T) {
	t.Parallel()
	known := []string{"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "GOMEMLIMIT"} // standard ones of Temporal and Go
	for _, s := range config.Settings() {
		known = append(known, s.Name, s.Name+"_FILE")
	}
	for name, s := range readCompose(t).Services {
		if !strings.HasPrefix(s.Image, "pirogue:") {
			continue
		}
		for setting := range s.Environment {
			require.Contains(t, known, setting, "%s is given %s, which no part of Pirogue reads", name, setting)
		}
	}
}

// A namespace without one of the search attributes refuses every payment. So each file that creates
// a namespace must create all of them. PaymentKind, PaymentStatus, Operator, MerchantId and Country
// are keywords; NeedsAttention is a bool.
func TestEveryNamespaceHasTheSearchAttributes(t *testing.T) {
	t.Parallel()
	want := map[string]string{}
	for _, attribute := range workflows.SearchAttributes() {
		name, kind, _ := strings.Cut(attribute, "=")
		want[name] = kind
	}
	for file, line := range map[string]*regexp.Regexp{
		"temporal/namespace.sh":   regexp.MustCompile(`--name (\w+) --type (\w+)`),
		"../devserver/options.go": regexp.MustCompile(`"(\w+)": +enumspb\.INDEXED_VALUE_TYPE_(\w+),`),
	} {
		got := map[string]string{}
		for _, match := range line.FindAllStringSubmatch(pirogueAttributes(read(t, file)), -1) {
			got[match[1]] = strings.ToUpper(match[2][:1]) + strings.ToLower(match[2][1:])
		}
		require.Equal(t, want, got, file)
	}
}

// pirogueAttributes returns the part of a Go file that lists our attributes. It returns any other
// file whole.
func pirogueAttributes(text string) string {
	_, from, found := strings.Cut(text, "func pirogueAttributes()")
	if !found {
		return text
	}
	body, _, _ := strings.Cut(from, "\n}\n")
	return body
}

// The smallest image has the fewest vulnerabilities, and no process in it is root.
func TestTheImageHoldsOneStaticProgramAndNoRoot(t *testing.T) {
	t.Parallel()
	text := read(t, "Dockerfile")
	build, final, found := strings.Cut(text, "\nFROM gcr.io/distroless/static-debian12:nonroot\n")
	require.True(t, found, "the final stage is not the pinned distroless image")
	for _, want := range []string{"CGO_ENABLED=0", "-trimpath", `-ldflags "-s -w"`} {
		require.Contains(t, build, want, "the build stage has not %s", want)
	}
	require.Regexp(t, `(?m)^FROM golang:\d+\.\d+\.\d+ AS build$`, build, "the compiler is not pinned to a full version")
	for _, want := range []string{
		`(?m)^USER [1-9]\d*:[1-9]\d*$`,
		`(?m)^HEALTHCHECK .*CMD \["/pirogue", "health"\]$`,
		`(?m)^ENTRYPOINT \["/pirogue"\]$`,
	} {
		require.Regexp(t, want, final, "the final stage has no line %s", want)
	}
	require.NotContains(t, text, "latest", "the image is built from whatever is latest")
}

func readCompose(t *testing.T) compose {
	t.Helper()
	var file compose
	decode(t, "../docker-compose.yml", &file)
	require.NotEmpty(t, file.Services)
	return file
}

func decode(t *testing.T, path string, into any) {
	t.Helper()
	require.NoError(t, yaml.Unmarshal([]byte(read(t, path)), into), path)
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}
