package config

// usages explains every setting, by its name, for `pirogue config check`.
var usages = map[string]string{
	"PIROGUE_API_ADDR":          "where the merchant API listens",
	"PIROGUE_ADMIN_ADDR":        "health, metrics, profiling; loopback only",
	"PIROGUE_WORKER_ADDR":       "the same for a worker that runs by itself",
	"PIROGUE_SUPPORT_ADDR":      "where the admin API listens, for support and finance",
	"PIROGUE_SANDBOX_ADDR":      "where the simulators listen",
	"PIROGUE_PUBLIC_URL":        "how operators and merchants reach the API; default http://PIROGUE_API_ADDR",
	"PIROGUE_SANDBOX_URL":       "how payers and the worker reach the simulators; default http://PIROGUE_SANDBOX_ADDR",
	"PIROGUE_TRUSTED_PROXIES":   "CIDRs whose X-Forwarded-For is believed; default none",
	"PIROGUE_SUPPORT_URL":       "where pirogue admin finds the admin API; default http://PIROGUE_SUPPORT_ADDR",
	"PIROGUE_SUPPORT_TOKEN":     "token of the person who uses pirogue admin; pirogue admin token create makes one",
	"PIROGUE_DATA_DIR":          "where pirogue dev keeps its files",
	"DATABASE_URL":              "postgres://… or sqlite:PATH; default sqlite in PIROGUE_DATA_DIR",
	"PIROGUE_KEYS":              "encryption keys name:hex64[,older…], none is ever dropped; pirogue dev makes its own",
	"PIROGUE_DB_CONNECTIONS":    "to PostgreSQL, in one process; a worker runs twice as many activities on them",
	"PIROGUE_CACHED_WORKFLOWS":  "open workflows in one worker's memory, some 100 KiB each; others are replayed",
	"PIROGUE_OPERATORS_FILE":    "JSON of live operators and routes; default none",
	"PIROGUE_TEMPORAL_PORT":     "port of the Temporal that pirogue dev starts",
	"PIROGUE_TEMPORAL_UI_PORT":  "port of its Web UI",
	"PIROGUE_DEVSERVER":         "the Temporal that pirogue dev starts; default bin/devserver, else an installed temporal",
	"PIROGUE_RATE_PER_SECOND":   "requests a second per merchant and mode",
	"PIROGUE_RATE_BURST":        "requests a merchant may make at once",
	"PIROGUE_LOOPBACK_WEBHOOKS": "let test webhooks reach this machine; pirogue dev turns it on",
	"PIROGUE_READ_UNSEALED":     "read what Temporal holds unsealed, without live operators only; pirogue dev turns it on",
	"PIROGUE_LOG_LEVEL":         "debug, info, warn or error; pirogue dev says warn",
}
