// Package config reads every setting of Pirogue from the environment and the files that it
// names. It reports every mistake at once. No other package reads the environment.
package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"

	"pirogue"
	"pirogue/routing"
)

// Config holds every setting. The env tag is the setting's name, and usages explains it. A setting
// marked secret is never printed. NAME_FILE, the path of a file, may give the value of a setting
// NAME.
type Config struct {
	APIAddr        string   `env:"PIROGUE_API_ADDR" envDefault:"127.0.0.1:8080"`
	AdminAddr      string   `env:"PIROGUE_ADMIN_ADDR" envDefault:"127.0.0.1:8081"`
	WorkerAddr     string   `env:"PIROGUE_WORKER_ADDR" envDefault:"127.0.0.1:8082"`
	SupportAddr    string   `env:"PIROGUE_SUPPORT_ADDR" envDefault:"127.0.0.1:8083"`
	SandboxAddr    string   `env:"PIROGUE_SANDBOX_ADDR" envDefault:"127.0.0.1:8090"`
	PublicURL      string   `env:"PIROGUE_PUBLIC_URL"`
	SandboxURL     string   `env:"PIROGUE_SANDBOX_URL"`
	TrustedProxies []string `env:"PIROGUE_TRUSTED_PROXIES"`

	SupportURL   string `env:"PIROGUE_SUPPORT_URL"`
	SupportToken string `env:"PIROGUE_SUPPORT_TOKEN" secret:"true"`

	DataDir     string `env:"PIROGUE_DATA_DIR" envDefault:".pirogue"`
	DatabaseURL string `env:"DATABASE_URL" secret:"true"`
	Keys        string `env:"PIROGUE_KEYS" secret:"true"`

	DatabaseConnections int `env:"PIROGUE_DB_CONNECTIONS" envDefault:"20"`
	CachedWorkflows     int `env:"PIROGUE_CACHED_WORKFLOWS" envDefault:"3000"`

	OperatorsFile string `env:"PIROGUE_OPERATORS_FILE"`

	TemporalPort   int    `env:"PIROGUE_TEMPORAL_PORT" envDefault:"7233"`
	TemporalUIPort int    `env:"PIROGUE_TEMPORAL_UI_PORT" envDefault:"8233"`
	DevServer      string `env:"PIROGUE_DEVSERVER"`

	RatePerSecond int `env:"PIROGUE_RATE_PER_SECOND" envDefault:"200"`
	RateBurst     int `env:"PIROGUE_RATE_BURST" envDefault:"2000"`

	LoopbackWebhooks bool   `env:"PIROGUE_LOOPBACK_WEBHOOKS" envDefault:"false"`
	ReadUnsealed     bool   `env:"PIROGUE_READ_UNSEALED" envDefault:"false"`
	LogLevel         string `env:"PIROGUE_LOG_LEVEL" envDefault:"info"`

	Operators []Operator      `env:"-"`
	Routes    []routing.Route `env:"-"`
	TemporalEnv
}

// Load reads the settings from an environment of "NAME=value" lines. The error lists every
// mistake, so that one run shows all of them.
func Load(environ []string) (Config, error) {
	vars, fileErr := readFiles(env.ToMap(environ))
	conf, err := env.ParseAsWithOptions[Config](env.Options{Environment: vars})
	conf.TemporalEnv.vars = vars
	conf.complete()
	operatorsErr := conf.loadOperators()
	return conf, errors.Join(fileErr, err, operatorsErr, conf.validate())
}

// readFiles replaces each NAME_FILE of a setting by the content of that file. A secret then
// stays out of the process's environment.
func readFiles(vars map[string]string) (map[string]string, error) {
	var mistakes []error
	for _, s := range append(Settings(), Setting{Name: "TEMPORAL_API_KEY"}) {
		path, given := vars[s.Name+"_FILE"]
		if !given || strings.HasSuffix(s.Name, "_FILE") {
			continue
		}
		text, err := os.ReadFile(filepath.Clean(path))
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s_FILE: %w", s.Name, err))
			continue
		}
		vars[s.Name] = strings.TrimSpace(string(text))
	}
	return vars, errors.Join(mistakes...)
}

// complete fills in the settings whose default depends on another setting.
func (c *Config) complete() {
	if c.PublicURL == "" {
		c.PublicURL = "http://" + c.APIAddr
	}
	if c.SandboxURL == "" {
		c.SandboxURL = "http://" + c.SandboxAddr
	}
	if c.SupportURL == "" {
		c.SupportURL = "http://" + c.SupportAddr
	}
	if c.DatabaseURL == "" {
		c.DatabaseURL = "sqlite:" + filepath.Join(c.DataDir, "pirogue.db")
	}
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	c.SandboxURL = strings.TrimSuffix(c.SandboxURL, "/")
	c.SupportURL = strings.TrimSuffix(c.SupportURL, "/")
}

// validate returns every mistake that the settings show by themselves. Other packages check
// the rest, such as an adapter's credentials.
func (c *Config) validate() error {
	var mistakes []error
	wrong := func(name, format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf("%s: %s", name, fmt.Sprintf(format, args...)))
	}
	for name, addr := range map[string]string{
		"PIROGUE_API_ADDR": c.APIAddr, "PIROGUE_ADMIN_ADDR": c.AdminAddr,
		"PIROGUE_WORKER_ADDR": c.WorkerAddr, "PIROGUE_SANDBOX_ADDR": c.SandboxAddr,
		"PIROGUE_SUPPORT_ADDR": c.SupportAddr,
	} {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			wrong(name, "%q is not host:port", addr)
		}
	}
	for name, text := range map[string]string{
		"PIROGUE_PUBLIC_URL": c.PublicURL, "PIROGUE_SANDBOX_URL": c.SandboxURL, "PIROGUE_SUPPORT_URL": c.SupportURL,
	} {
		if u, err := url.Parse(text); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			wrong(name, "%q is not an http or https URL", text)
		}
	}
	if !isLoopback(c.AdminAddr) {
		wrong("PIROGUE_ADMIN_ADDR", "%q is not a loopback address", c.AdminAddr)
	}
	if !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://") &&
		!strings.HasPrefix(c.DatabaseURL, "sqlite:") {
		wrong("DATABASE_URL", "must start with postgres:// or sqlite:")
	}
	if c.RatePerSecond <= 0 || c.RateBurst < 1 {
		wrong("PIROGUE_RATE_PER_SECOND", "rate and burst must be positive")
	}
	if c.DatabaseConnections < 1 {
		wrong("PIROGUE_DB_CONNECTIONS", "%d connections serve nobody", c.DatabaseConnections)
	}
	if c.CachedWorkflows < 0 {
		wrong("PIROGUE_CACHED_WORKFLOWS", "%d is negative", c.CachedWorkflows)
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		wrong("PIROGUE_LOG_LEVEL", "%q is none of debug, info, warn, error", c.LogLevel)
	}
	for _, proxy := range c.TrustedProxies {
		if _, err := netip.ParsePrefix(proxy); err != nil {
			wrong("PIROGUE_TRUSTED_PROXIES", "%q is not a CIDR", proxy)
		}
	}
	return errors.Join(mistakes...)
}

// isLoopback reports whether only this machine can reach an address.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

// loadOperators adds the live operators and routes of OperatorsFile to those of the
// sandbox.
func (c *Config) loadOperators() error {
	c.Operators, c.Routes = sandboxOperators(c.SandboxURL), sandboxRoutes()
	if c.OperatorsFile == "" {
		return nil
	}
	raw, err := os.ReadFile(filepath.Clean(c.OperatorsFile))
	if err != nil {
		return fmt.Errorf("PIROGUE_OPERATORS_FILE: %w", err)
	}
	var file struct {
		Operators []Operator      `json:"operators"`
		Routes    []routing.Route `json:"routes"`
	}
	// A misspelt name must not leave a limit or a finality window at its default.
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&file); err != nil {
		return fmt.Errorf("PIROGUE_OPERATORS_FILE: %w", err)
	}
	if _, err := strict.Token(); !errors.Is(err, io.EOF) {
		return errors.New("PIROGUE_OPERATORS_FILE: text follows the end of the JSON object")
	}
	var mistakes []error
	for i, o := range file.Operators {
		o.Mode = pirogue.Live // a test key reaches simulators only, whatever the file holds
		mistakes = append(mistakes, o.readCredentials())
		file.Operators[i] = o
	}
	for i := range file.Routes {
		file.Routes[i].Mode = pirogue.Live
	}
	c.Operators = append(c.Operators, file.Operators...)
	c.Routes = append(c.Routes, file.Routes...)
	return errors.Join(mistakes...)
}

// readCredentials replaces each credential NAME_file by the content of that file.
func (o *Operator) readCredentials() error {
	var mistakes []error
	for name, value := range o.Credentials {
		short, isFile := strings.CutSuffix(name, "_file")
		if !isFile {
			continue
		}
		text, err := os.ReadFile(filepath.Clean(value))
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("operator %s, credential %s: %w", o.Code, name, err))
			continue
		}
		delete(o.Credentials, name)
		o.Credentials[short] = strings.TrimSpace(string(text))
	}
	return errors.Join(mistakes...)
}

// Setting describes one setting: its name, its default, its usage, and whether it is
// secret.
type Setting struct {
	Name, Default, Usage string
	Secret               bool
}

// Settings returns every setting, in the order of Config's fields.
func Settings() []Setting {
	var rows []Setting
	for field := range reflect.TypeFor[Config]().Fields() {
		if name := field.Tag.Get("env"); name != "" && name != "-" {
			rows = append(rows, Setting{
				Name: name, Default: field.Tag.Get("envDefault"), Usage: usages[name],
				Secret: field.Tag.Get("secret") != "",
			})
		}
	}
	return rows
}

// Shown returns the printable form of a setting's value: "(set)" for a secret, "" for an
// unknown setting.
func (c *Config) Shown(s Setting) string {
	value := reflect.ValueOf(*c)
	for field := range reflect.TypeFor[Config]().Fields() {
		if field.Tag.Get("env") != s.Name {
			continue
		}
		text := fmt.Sprint(value.FieldByIndex(field.Index).Interface())
		if s.Secret && text != "" {
			return "(set)"
		}
		return text
	}
	return ""
}
