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

	"github.com/google/go-cmp/cmp"
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
		if !fullVersion.MatchString(image) {
			t.Errorf("%s runs %s, want a full version", name, s.Image)
		}
	}
}

// Compose waits on health, and a service must come back after a crash.
func TestWhatServesHasAHealthcheckAndJobsEnd(t *testing.T) {
	t.Parallel()
	for name, s := range readCompose(t).Services {
		checked := len(s.Healthcheck.Test) > 1 && s.Healthcheck.Test[0] == "CMD" && !s.Healthcheck.Disable
		switch {
		case s.job() && checked:
			t.Errorf("%s is a job, it ends before anybody asks for its health", name)
		case !s.job() && !checked:
			t.Errorf("%s serves without a healthcheck", name)
		case !s.job() && s.Restart != "unless-stopped":
			t.Errorf("%s does not come back after a crash: restart is %q", name, s.Restart)
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
			if _, exists := services[on]; !exists {
				t.Errorf("%s depends on %s, which is not there", name, on)
			}
			if dependency.Condition != want {
				t.Errorf("%s waits for %s to be %q, want %q", name, on, dependency.Condition, want)
			}
		}
	}
	for name, on := range map[string]string{
		"temporal": "temporal-schema", "temporal-schema": "postgres", "migrate": "postgres",
		"api": "migrate", "worker": "temporal-namespace",
	} {
		if _, waits := services[name].DependsOn[on]; !waits {
			t.Errorf("%s does not wait for %s", name, on)
		}
	}
}

// Every secret is made by one script, is declared, and stays out of git.
func TestSecretsAreFiles(t *testing.T) {
	t.Parallel()
	file := readCompose(t)
	script := read(t, "../scripts/secrets.sh")
	for name, secret := range file.Secrets {
		if secret.File != "./secrets/"+name {
			t.Errorf("secret %s is %q, want a file in ./secrets", name, secret.File)
		}
		if !strings.Contains(script, "keep "+name+"\n") {
			t.Errorf("`make secrets` does not make %s", name)
		}
	}
	for name, s := range file.Services {
		for _, secret := range s.Secrets {
			if _, declared := file.Secrets[secret]; !declared {
				t.Errorf("%s uses secret %s, which is not declared", name, secret)
			}
		}
	}
	for _, line := range []string{"/secrets/", "/pirogue.env"} {
		if !strings.Contains(read(t, "../.gitignore"), "\n"+line+"\n") {
			t.Errorf("git does not ignore %s", line)
		}
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
			if !strings.HasSuffix(setting, "_FILE") || !isFile || !slices.Contains(s.Secrets, secret) {
				t.Errorf("%s: %s is %q, want a secret file it is given", name, setting, value)
			}
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
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s publishes %s to the world", name, port)
			}
		}
	}
	slices.Sort(published)
	if diff := cmp.Diff([]string{"api", "sandbox", "temporal-ui"}, published); diff != "" {
		t.Error("services with a published port:", diff)
	}
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
			if !good {
				t.Errorf("%s has not %s", name, what)
			}
		}
		for _, network := range s.Networks {
			if _, declared := file.Networks[network]; !declared {
				t.Errorf("%s is on network %s, which is not declared", name, network)
			}
		}
	}
	if networks := file.Services["postgres"].Networks; !slices.Equal(networks, []string{"data"}) {
		t.Errorf("PostgreSQL is on %v, want data alone", networks)
	}
}

// The number of shards is fixed for ever at the first start. The Web UI must not offer actions that
// bypass support's API.
func TestTemporalIsSetUpForGood(t *testing.T) {
	t.Parallel()
	services := readCompose(t).Services
	temporal := services["temporal"].Environment
	if got := temporal["NUM_HISTORY_SHARDS"]; got != "512" {
		t.Errorf("NUM_HISTORY_SHARDS is %q; it can never be changed, and 512 serves any size", got)
	}
	if temporal["DYNAMIC_CONFIG_FILE_PATH"] == "" {
		t.Error("the server does not start without a file of dynamic settings")
	}
	for _, off := range []string{
		"TEMPORAL_WORKFLOW_RESET_DISABLED", "TEMPORAL_WORKFLOW_TERMINATE_DISABLED",
		"TEMPORAL_WORKFLOW_CANCEL_DISABLED", "TEMPORAL_WORKFLOW_PAUSE_DISABLED",
		"TEMPORAL_WORKFLOW_SIGNAL_DISABLED", "TEMPORAL_WORKFLOW_UPDATE_DISABLED",
		"TEMPORAL_START_WORKFLOW_DISABLED", "TEMPORAL_BATCH_ACTIONS_DISABLED",
	} {
		if services["temporal-ui"].Environment[off] != "true" {
			t.Errorf("%s is not set", off)
		}
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
			if row.Value != 1 && !slices.Contains(unlimited, row.Constraints.Queue) {
				t.Errorf("%s: %q has %v partitions", list, row.Constraints.Queue, row.Value)
			}
		}
		if !fallback {
			t.Errorf("%s: a queue that is not named has not one partition", list)
		}
	}
	if rows := settings["matching.enableFairness"]; len(rows) != 1 || rows[0].Value != true {
		t.Errorf("fairness is %v", rows)
	}
}

// A reader starts from this file.
func TestTheExampleOfOperatorsIsOneThatWorks(t *testing.T) {
	t.Parallel()
	conf, err := config.Load([]string{"PIROGUE_OPERATORS_FILE=operators.example.json"})
	if err != nil {
		t.Fatal(err)
	}
	instances, err := adapters.Open(conf.Operators, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := routing.NewRouteTable(instances, conf.Routes); err != nil {
		t.Fatal(err)
	}
}

// A misspelt setting would be ignored in silence.
func TestPirogueKnowsEverySettingItIsGiven(t *testing.T) {
	t.Parallel()
	known := []string{"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"} // standard variables of Temporal
	for _, s := range config.Settings() {
		known = append(known, s.Name, s.Name+"_FILE")
	}
	for name, s := range readCompose(t).Services {
		if !strings.HasPrefix(s.Image, "pirogue:") {
			continue
		}
		for setting := range s.Environment {
			if !slices.Contains(known, setting) {
				t.Errorf("%s is given %s, which no part of Pirogue reads", name, setting)
			}
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
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
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
	if !found {
		t.Fatal("the final stage is not the pinned distroless image")
	}
	for _, want := range []string{"CGO_ENABLED=0", "-trimpath", `-ldflags "-s -w"`} {
		if !strings.Contains(build, want) {
			t.Errorf("the build stage has not %s", want)
		}
	}
	if !regexp.MustCompile(`(?m)^FROM golang:\d+\.\d+\.\d+ AS build$`).MatchString(build) {
		t.Error("the compiler is not pinned to a full version")
	}
	for _, want := range []string{
		`(?m)^USER [1-9]\d*:[1-9]\d*$`,
		`(?m)^HEALTHCHECK .*CMD \["/pirogue", "health"\]$`,
		`(?m)^ENTRYPOINT \["/pirogue"\]$`,
	} {
		if !regexp.MustCompile(want).MatchString(final) {
			t.Errorf("the final stage has no line %s", want)
		}
	}
	if strings.Contains(text, "latest") {
		t.Error("the image is built from whatever is latest")
	}
}

func readCompose(t *testing.T) compose {
	t.Helper()
	var file compose
	decode(t, "../docker-compose.yml", &file)
	if len(file.Services) == 0 {
		t.Fatal("docker-compose.yml has no services")
	}
	return file
}

func decode(t *testing.T, path string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, path)), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
