package sandbox

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"

	"pirogue/sandbox/digitalpaye"
	"pirogue/sandbox/engine"
	"pirogue/sandbox/novasend"
	"pirogue/sandbox/orangeweb"
	"pirogue/sandbox/sonatel"
	"pirogue/sandbox/taramoney"
)

// simulators lists every simulator, in the order of the pages. A new simulator is one row.
var simulators = []row{
	{"Orange Web Payment", OrangeWebPath, startOrangeWeb},
	{"Orange Money Sénégal (Sonatel)", SonatelPath, startSonatel},
	onEngine("Novasend", "/novasend", func(o engine.Config) (*novasend.Simulator, error) { return novasend.New(o) }),
	onEngine("Digitalpaye (Côte d'Ivoire)", "/digitalpaye", digitalpaye.New),
	onEngine("Taramoney (Cameroun)", "/taramoney", taramoney.New), // serves /api/tara of www.dklo.co below this path
}

// startOrangeWeb starts the simulator of Orange Web Payment and stores it in the sandbox.
func startOrangeWeb(s *Sandbox, o Options, at engine.Options) (sim Simulator, err error) {
	s.OrangeWeb, err = orangeweb.New(orangeweb.Options{Options: at, Credentials: o.OrangeWeb})
	return s.OrangeWeb, err
}

// startSonatel starts the simulator of Sonatel and stores it in the sandbox.
func startSonatel(s *Sandbox, o Options, at engine.Options) (sim Simulator, err error) {
	s.Sonatel, err = sonatel.New(sonatel.Options{Options: at, Credentials: o.Sonatel})
	return s.Sonatel, err
}

// onEngine returns the row of a simulator that is built on an engine.Engine.
func onEngine[S Simulator](name, path string, open func(engine.Config) (S, error)) row {
	return row{name, path, func(_ *Sandbox, _ Options, at engine.Options) (Simulator, error) {
		return open(engine.Config{Options: at})
	}}
}

// Simulator is one running operator simulator. A simulator on an engine.Engine inherits all
// methods but Handler from it.
type Simulator interface {
	// Handler serves the simulator without its base path, which is stripped. It serves /book
	// and /switches besides the operator's own API.
	Handler() http.Handler
	// Book returns the money that moved, oldest first.
	Book() []engine.BookEntry
	// Asked returns the number of payments ever requested, in both directions.
	Asked() int
	// Settings reads and changes the simulator's switches.
	Settings() engine.Settings
	// Close stops the simulator. Closing twice is harmless.
	Close(ctx context.Context) error
}

// row is one row of the table of simulators.
type row struct {
	name string // for people
	path string // the base path; its last part is the name in commands
	// start starts the simulator at its place. It may store it in the sandbox for Go tests.
	start func(s *Sandbox, o Options, at engine.Options) (Simulator, error)
}

// options returns the options of a row's simulator: its address, its journal and the
// sandbox's own options.
func (r row) options(o Options) engine.Options {
	at := engine.Options{
		PublicURL: strings.TrimRight(o.PublicURL, "/") + r.path, Clock: o.Clock, MaxOrders: o.MaxSessions,
		NotifyClient: o.NotifyClient, Log: o.Log,
	}
	if o.JournalDir != "" {
		at.JournalPath = filepath.Join(o.JournalDir, r.code()+".jsonl")
	}
	return at
}

// code returns the short name of a simulator, such as orange-web.
func (r row) code() string { return strings.TrimPrefix(r.path, "/") }

// runningSimulator is a running simulator with its row.
type runningSimulator struct {
	row
	Simulator
}
