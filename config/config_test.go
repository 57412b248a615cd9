package config_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/config"
)

func TestALaptopNeedsNoSettings(t *testing.T) {
	t.Parallel()

	conf, err := config.Load(nil)
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:8080", conf.PublicURL)
	require.Equal(t, "http://127.0.0.1:8083", conf.SupportURL)
	require.Equal(t, "sqlite:.pirogue/pirogue.db", conf.DatabaseURL)
	require.False(t, conf.HasTemporal())
	require.Equal(t, pirogue.Test, conf.Operators[0].Mode)
}

func TestEveryMistakeIsReportedAtOnce(t *testing.T) {
	t.Parallel()

	_, err := config.Load([]string{
		"PIROGUE_API_ADDR=8080", "PIROGUE_ADMIN_ADDR=0.0.0.0:8081", "PIROGUE_PUBLIC_URL=pay.example",
		"DATABASE_URL=mysql://x", "PIROGUE_RATE_BURST=0", "PIROGUE_LOG_LEVEL=loud", "PIROGUE_TRUSTED_PROXIES=everybody",
		"PIROGUE_TEMPORAL_PORT=seven", "PIROGUE_OPERATORS_FILE=/nowhere", "PIROGUE_KEYS_FILE=/nowhere",
		"PIROGUE_SUPPORT_ADDR=8083", "PIROGUE_SUPPORT_URL=support.example",
		"PIROGUE_DB_CONNECTIONS=0", "PIROGUE_CACHED_WORKFLOWS=-1",
	})
	for _, name := range []string{
		"PIROGUE_API_ADDR", "PIROGUE_ADMIN_ADDR", "PIROGUE_PUBLIC_URL", "DATABASE_URL", "PIROGUE_RATE_PER_SECOND",
		"PIROGUE_LOG_LEVEL", "PIROGUE_TRUSTED_PROXIES", "TemporalPort", "PIROGUE_OPERATORS_FILE", "PIROGUE_KEYS_FILE",
		"PIROGUE_SUPPORT_ADDR", "PIROGUE_SUPPORT_URL", "PIROGUE_DB_CONNECTIONS", "PIROGUE_CACHED_WORKFLOWS",
	} {
		require.ErrorContains(t, err, name)
	}
}

func TestASecretComesFromAFileAndIsNeverShown(t *testing.T) {
	t.Parallel()

	file := filepath.Join(t.TempDir(), "url")
	require.NoError(t, os.WriteFile(file, []byte("postgres://pirogue:secret@db/pirogue\n"), 0o600))
	conf, err := config.Load([]string{"DATABASE_URL_FILE=" + file})
	require.NoError(t, err)
	require.Equal(t, "postgres://pirogue:secret@db/pirogue", conf.DatabaseURL)
	for _, setting := range config.Settings() {
		require.NotContains(t, conf.Shown(setting), "secret", setting.Name)
		require.NotEmpty(t, setting.Usage, setting.Name)
	}
}

func TestAnOperatorsFileNamesLiveOperatorsOnly(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	secret, file := filepath.Join(folder, "secret"), filepath.Join(folder, "operators.json")
	require.NoError(t, os.WriteFile(secret, []byte("s3cret\n"), 0o600))
	require.NoError(t, os.WriteFile(file, []byte(`{
		"operators": [{"code": "orange-web-ml", "adapter": "orangeweb", "mode": "test", "window": "10m",
			"credentials": {"client_id": "me", "client_secret_file": "`+secret+`"}}],
		"routes": [{"mode": "test", "country": "ML", "network": "orange", "type": "CASHIN", "operators": ["orange-web-ml"]}]
	}`), 0o600))
	conf, err := config.Load([]string{"PIROGUE_OPERATORS_FILE=" + file})
	require.NoError(t, err)

	live := conf.Operators[len(conf.Operators)-1]
	require.Equal(t, pirogue.Live, live.Mode, "a test key reaches simulators only, whatever the file says")
	require.Equal(t, map[string]string{"client_id": "me", "client_secret": "s3cret"}, live.Credentials)
	require.Equal(t, 10*time.Minute, live.Window.Or(config.DefaultWindow))
	require.Equal(t, pirogue.Live, conf.Routes[len(conf.Routes)-1].Mode)
}

func TestTemporalIsFoundByItsStandardNames(t *testing.T) {
	t.Parallel()

	conf, err := config.Load([]string{
		"TEMPORAL_ADDRESS=temporal.example:7233", "TEMPORAL_NAMESPACE=payments", "TEMPORAL_API_KEY=key",
	})
	require.NoError(t, err)
	require.True(t, conf.HasTemporal())
	options, err := conf.TemporalOptions()
	require.NoError(t, err)
	require.Equal(t, "temporal.example:7233", options.HostPort)
	require.Equal(t, "payments", options.Namespace)
	require.NotNil(t, options.ConnectionOptions.TLS, "an API key is never sent in clear")
}

func TestASimulatorsRefusalIsBelievedWithinSeconds(t *testing.T) {
	t.Parallel()
	conf, err := config.Load(nil)
	require.NoError(t, err)
	for _, o := range conf.Operators {
		if o.Adapter == "digitalpaye" || o.Adapter == "taramoney" { // the real operators' values are minutes and hours
			require.Equal(t, config.Duration(10*time.Second), o.RefusalSpan, o.Code)
		}
	}
}

func TestSettingsAreExplained(t *testing.T) {
	t.Parallel()

	for _, s := range config.Settings() {
		require.NotEmpty(t, s.Usage, s.Name)
	}
}

func TestOperatorsFileIsReadStrictly(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct{ file, want string }{
		"unknown_name":    {`{"operators": [{"code": "sonatel-sn", "horizon": "72h"}]}`, `unknown field "horizon"`},
		"unknown_section": {`{"operator": []}`, `unknown field "operator"`},
		"second_object":   {`{"operators": []} {"routes": []}`, "text follows the end of the JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			path := filepath.Join(t.TempDir(), "operators.json")
			require.NoError(t, os.WriteFile(path, []byte(tt.file), 0o600))
			_, err := config.Load([]string{"PIROGUE_OPERATORS_FILE=" + path})
			require.ErrorContains(t, err, tt.want)
		})
	}
}
