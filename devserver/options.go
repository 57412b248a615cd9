package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
)

// options is what a caller may choose on the command line.
type options struct {
	db             string // SQLite file; empty keeps everything in memory
	postgres       string // URL of a PostgreSQL server; empty: SQLite
	ip             string
	port           int // Temporal's gRPC frontend; 0 lets the system choose
	uiPort         int // Web UI; 0 means none
	namespace      string
	retention      time.Duration // of closed workflows, in a new namespace
	attributes     attributes
	codecEndpoint  string
	readyFile      string
	logLevel       string
	exitWithParent bool
	version        bool
}

// attributes are search attributes by name.
type attributes map[string]enumspb.IndexedValueType

// pirogueAttributes are the search attributes every Pirogue workflow carries. The
// production namespace has the same ones, see docker-compose.yml.
func pirogueAttributes() attributes {
	return attributes{
		"PaymentKind":    enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		"PaymentStatus":  enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		"Operator":       enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		"MerchantId":     enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		"Country":        enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		"NeedsAttention": enumspb.INDEXED_VALUE_TYPE_BOOL,
	}
}

// parse reads the command line. It answers flag.ErrHelp after printing the usage.
func parse(args []string, stderr io.Writer) (options, error) {
	o := options{attributes: pirogueAttributes()}
	f := flag.NewFlagSet("devserver", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.db, "db", "", "SQLite `file` to keep everything in; empty: in memory, lost at the end")
	f.StringVar(&o.postgres, "postgres", "", "`URL` of a PostgreSQL server to keep everything in, instead of SQLite")
	f.StringVar(&o.ip, "ip", "127.0.0.1", "loopback `address` to listen on")
	f.IntVar(&o.port, "port", 7233, "gRPC `port` of Temporal; 0: a free one")
	f.IntVar(&o.uiPort, "ui-port", 8233, "`port` of the Web UI; 0: no Web UI")
	f.StringVar(&o.namespace, "namespace", "default", "`name` of the namespace to create")
	f.DurationVar(&o.retention, "retention", 30*24*time.Hour, "how long a new namespace keeps closed workflows")
	f.Func("search-attribute", "one more search attribute, as `Name=Type`; may be repeated", o.attributes.add)
	f.StringVar(&o.codecEndpoint, "codec-endpoint", "", "`URL` the Web UI decodes payloads with")
	f.StringVar(&o.readyFile, "ready-file", "", "`file` to write when ready, as on standard output")
	f.StringVar(&o.logLevel, "log-level", "warn", "least `level` to log: debug, info, warn, error")
	f.BoolVar(&o.exitWithParent, "exit-with-parent", false, "stop when the parent process is gone")
	f.BoolVar(&o.version, "version", false, "print the versions of Temporal and its Web UI, and leave")
	if err := f.Parse(args); err != nil {
		return options{}, err
	}
	if o.postgres != "" {
		if _, err := parsePostgres(o.postgres); err != nil {
			return options{}, err
		}
	}
	return o, o.validate(f.Args())
}

func (o options) validate(rest []string) error {
	ip := net.ParseIP(o.ip)
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case ip == nil || !ip.IsLoopback():
		return fmt.Errorf("--ip %s: nothing here is authenticated, so only a loopback address will do", o.ip)
	case o.db != "" && o.postgres != "":
		return errors.New("--db and --postgres: choose one")
	case o.retention < 24*time.Hour:
		return fmt.Errorf("--retention %s: Temporal keeps closed workflows for at least 24h", o.retention)
	case o.namespace == "":
		return errors.New("--namespace must not be empty")
	case !slices.Contains(logLevels, o.logLevel):
		return fmt.Errorf("--log-level %s: must be one of %s", o.logLevel, strings.Join(logLevels, ", "))
	}
	return nil
}

var logLevels = []string{"debug", "info", "warn", "error"}

// attributeTypes are the words a user may write for a search attribute's type.
var attributeTypes = map[string]enumspb.IndexedValueType{
	"Bool":        enumspb.INDEXED_VALUE_TYPE_BOOL,
	"Datetime":    enumspb.INDEXED_VALUE_TYPE_DATETIME,
	"Double":      enumspb.INDEXED_VALUE_TYPE_DOUBLE,
	"Int":         enumspb.INDEXED_VALUE_TYPE_INT,
	"Keyword":     enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"KeywordList": enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST,
	"Text":        enumspb.INDEXED_VALUE_TYPE_TEXT,
}

// add reads one Name=Type.
func (a attributes) add(flagValue string) error {
	name, word, found := strings.Cut(flagValue, "=")
	kind, known := attributeTypes[word]
	if !found || name == "" || !known {
		return fmt.Errorf("want Name=Type, where Type is one of %s",
			strings.Join(slices.Sorted(maps.Keys(attributeTypes)), ", "))
	}
	a[name] = kind
	return nil
}
