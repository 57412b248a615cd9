package deploy_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// relay is the only service that shares the API's network: it reads the API's metrics on its
// loopback interface. Any other service in that network would end with the API.
const relay = "api-figures"

// alert is one rule of alerts.yml.
type alert struct {
	Alert, Expr         string
	Labels, Annotations map[string]string
}

// prometheusFile holds the fields of a Prometheus configuration that these tests check.
type prometheusFile struct {
	Rules    []string `yaml:"rule_files"`
	Alerting struct {
		Alertmanagers []targets `yaml:"alertmanagers"`
	} `yaml:"alerting"`
	Scrapes []struct {
		Job     string `yaml:"job_name"`
		targets `yaml:",inline"`
		DNS     []struct {
			Names []string `yaml:"names"`
		} `yaml:"dns_sd_configs"`
	} `yaml:"scrape_configs"`
}

// targets lists addresses as host:port.
type targets struct {
	Static []struct{ Targets []string } `yaml:"static_configs"`
}

// hosts returns the services in the addresses.
func (t targets) hosts() []string {
	var hosts []string
	for _, static := range t.Static {
		for _, target := range static.Targets {
			host, _, _ := strings.Cut(target, ":")
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// figureSources lists the files that declare Pirogue's metrics.
var figureSources = []string{
	"../cmd/pirogue/figures.go", "../cmd/pirogue/clock.go", "../api/metrics.go", "../api/operators_metric.go",
}

// An alert about a metric that nothing exports would never fire.
func TestEveryAlertIsAboutAFigureThatIsTold(t *testing.T) {
	t.Parallel()

	var told strings.Builder
	for _, file := range figureSources {
		told.WriteString(read(t, file))
	}
	jobs := scrapedJobs(t)
	figures := regexp.MustCompile(`\b(pirogue|node)_([a-z_]+)`)
	ups := regexp.MustCompile(`\bup\{job="([a-z-]+)"\}`)
	for _, rule := range alerts(t) {
		names, targets := figures.FindAllStringSubmatch(rule.Expr, -1), ups.FindAllStringSubmatch(rule.Expr, -1)
		require.True(t, len(names)+len(targets) > 0 || rule.Alert == "Watchdog", "%s is about no figure", rule.Alert)
		for _, name := range names {
			exported := slices.Contains(nodeFigures, name[0])
			if name[1] != "node" {
				exported = strings.Contains(told.String(), `"`+name[2]+`"`) || strings.Contains(told.String(), `"`+name[0]+`"`)
			}
			require.True(t, exported, "%s: nothing exports %s", rule.Alert, name[0])
		}
		for _, up := range targets {
			require.Contains(t, jobs, up[1], "%s: Prometheus has no job %s", rule.Alert, up[1])
		}
	}
}

// nodeFigures lists the metrics of the node exporter that alerts may use.
var nodeFigures = []string{"node_filesystem_avail_bytes", "node_filesystem_size_bytes"}

// For each alert the runbook must explain the cause, the urgency and the first step to the person
// on call.
func TestEveryAlertHasItsParagraphInTheRunbook(t *testing.T) {
	t.Parallel()

	const page = "docs/runbooks/on-call.md"
	var named []string
	for _, rule := range alerts(t) {
		named = append(named, rule.Alert)
		require.NotEmpty(t, rule.Annotations["summary"], "%s has no summary", rule.Alert)
		require.Contains(t, []string{"page", "ticket", "heartbeat"}, rule.Labels["severity"], rule.Alert)
		require.Equal(t, page+"#"+strings.ToLower(rule.Alert), rule.Annotations["runbook"], rule.Alert)
	}
	var headings []string
	for _, match := range regexp.MustCompile(`(?m)^### (\w+)\n\n\S`).FindAllStringSubmatch(read(t, "../"+page), -1) {
		headings = append(headings, match[1])
	}
	slices.Sort(named)
	slices.Sort(headings)
	require.Equal(t, named, headings, "the paragraphs of %s", page)
}

// A scrape of a service that does not exist would make its alerts silent.
func TestPrometheusFiles(t *testing.T) {
	t.Parallel()

	services := readCompose(t).Services
	known := func(host, by string) {
		require.Contains(t, services, host, "%s reads or tells %s, which is no service", by, host)
	}
	conf := prometheusConf(t)
	for _, job := range conf.Scrapes {
		for _, host := range job.hosts() {
			known(host, job.Job)
		}
		for _, dns := range job.DNS {
			for _, host := range dns.Names {
				known(host, job.Job)
			}
		}
	}
	require.Contains(t, conf.Rules, "alerts.yml", "Prometheus does not read alerts.yml")
	told := false
	for _, manager := range conf.Alerting.Alertmanagers {
		told = told || slices.Contains(manager.hosts(), "alertmanager")
	}
	require.True(t, told, "Prometheus tells no Alertmanager: no alert reaches anybody")
}

// Alerts about the API must arrive while the API is down.
func TestWhoWatchesTheAPIOutlivesIt(t *testing.T) {
	t.Parallel()

	for name, s := range readCompose(t).Services {
		require.True(t, name == relay || s.NetworkMode == "", "%s lives in the network of %s", name, s.NetworkMode)
		require.NotContains(t, s.DependsOn, "api", "%s does not start without the API", name)
	}
}

// A severity without a receiver, or a receiver without an address, alerts nobody.
func TestEverySeverityReachesSomebody(t *testing.T) {
	t.Parallel()

	var conf struct {
		Route struct {
			Receiver string
			Routes   []struct {
				Receiver string
				Matchers []string
			}
		}
		Receivers []struct {
			Name     string
			Webhooks []struct {
				File string `yaml:"url_file"`
			} `yaml:"webhook_configs"`
		}
	}
	decode(t, "alertmanager.yml", &conf)
	secrets := readCompose(t).Services["alertmanager"].Secrets
	receivers := map[string]bool{}
	for _, receiver := range conf.Receivers {
		for _, hook := range receiver.Webhooks {
			secret, isSecret := strings.CutPrefix(hook.File, "/run/secrets/")
			receivers[receiver.Name] = isSecret && slices.Contains(secrets, secret)
		}
	}
	routes := map[string]string{"severity=\"ticket\"": conf.Route.Receiver}
	for _, route := range conf.Route.Routes {
		for _, matcher := range route.Matchers {
			routes[matcher] = route.Receiver
		}
	}
	for _, matcher := range []string{`severity="page"`, `severity="ticket"`, `alertname="Watchdog"`} {
		require.True(t, receivers[routes[matcher]], "%s reaches the receiver %q, which has no address in a secret of its own",
			matcher, routes[matcher])
	}
}

// alerts returns the rules of alerts.yml.
func alerts(t *testing.T) []alert {
	t.Helper()
	var file struct{ Groups []struct{ Rules []alert } }
	decode(t, "alerts.yml", &file)
	var rules []alert
	for _, group := range file.Groups {
		rules = append(rules, group.Rules...)
	}
	require.NotEmpty(t, rules, "alerts.yml has no rules")
	return rules
}

// scrapedJobs returns the jobs that Prometheus scrapes, also by the relay.
func scrapedJobs(t *testing.T) []string {
	t.Helper()
	var jobs []string
	for _, conf := range []prometheusFile{prometheusConf(t), confOf(t, "api-figures.yml")} {
		for _, job := range conf.Scrapes {
			jobs = append(jobs, job.Job)
		}
	}
	return jobs
}

func prometheusConf(t *testing.T) prometheusFile { return confOf(t, "prometheus.yml") }

func confOf(t *testing.T, file string) prometheusFile {
	t.Helper()
	var conf prometheusFile
	decode(t, file, &conf)
	return conf
}
