package config

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"pirogue"
)

// TemporalEnv holds the standard TEMPORAL_* settings. Temporal's own command line reads the
// same ones, so they fit a cluster and Temporal Cloud alike.
type TemporalEnv struct{ vars map[string]string }

// HasTemporal reports whether the environment names a Temporal server.
func (t TemporalEnv) HasTemporal() bool {
	return t.vars["TEMPORAL_ADDRESS"] != "" || t.vars["TEMPORAL_PROFILE"] != ""
}

// SetTemporal points the settings at an address, such as that of the development server.
func (t TemporalEnv) SetTemporal(address string) { t.vars["TEMPORAL_ADDRESS"] = address }

// TemporalOptions returns the client options that the TEMPORAL_* settings describe. The
// error names the prefix TEMPORAL_*.
func (t TemporalEnv) TemporalOptions() (client.Options, error) {
	options, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{EnvLookup: lookup(t.vars)})
	if err != nil {
		return options, fmt.Errorf("TEMPORAL_*: %w", err)
	}
	return options, nil
}

// lookup serves environment variables from a map, so that config alone reads the
// environment.
type lookup map[string]string

// Environ implements envconfig.EnvLookup.
func (l lookup) Environ() []string {
	lines := make([]string, 0, len(l))
	for name, value := range l {
		lines = append(lines, name+"="+value)
	}
	return lines
}

// LookupEnv implements envconfig.EnvLookup.
func (l lookup) LookupEnv(name string) (string, bool) {
	value, ok := l[name]
	return value, ok
}

// ReadsUnsealed reports whether the codec reads payloads without encryption. It does so
// only if PIROGUE_READ_UNSEALED is set and no live operator is configured. Anyone who can
// write to Temporal can send one.
func (c *Config) ReadsUnsealed() bool {
	live := func(o Operator) bool { return o.Mode == pirogue.Live }
	return c.ReadUnsealed && !slices.ContainsFunc(c.Operators, live)
}

// TemporalUIURL returns the address of the development server's Web UI.
func (c *Config) TemporalUIURL() string { return fmt.Sprintf("http://127.0.0.1:%d", c.TemporalUIPort) }
