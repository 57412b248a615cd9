package sandbox

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"

	"pirogue/sandbox/digitalpaye"
	"pirogue/sandbox/novasend"
	"pirogue/sandbox/orangeweb"
	"pirogue/sandbox/sonatel"
	"pirogue/sandbox/stage"
	"pirogue/sandbox/taramoney"
)

// simulators is every simulator there is, in the order in which people see them. A
// further one joins by a row.
var simulators = []row{
	{"Orange Web Payment", OrangeWebPath, startOrangeWeb},
	{"Orange Money Sénégal (Sonatel)", SonatelPath, startSonatel},
	onTill("Novasend", "/novasend", func(o stage.TillOptions) (*novasend.Simulator, error) { return novasend.New(o) }),
	onTill("Digitalpaye (Côte d'Ivoire)", "/digitalpaye", digitalpaye.New),
	onTill("Taramoney (Cameroun)", "/taramoney", taramoney.New), // what www.dklo.co has at /api/tara is below it
}

func startOrangeWeb(s *Sandbox, o Options, at stage.Options) (sim Simulator, err error) {
	s.OrangeWeb, err = orangeweb.New(orangeweb.Options{Options: at, Credentials: o.OrangeWeb})
	return s.OrangeWeb, err
}

func startSonatel(s *Sandbox, o Options, at stage.Options) (sim Simulator, err error) {
	s.Sonatel, err = sonatel.New(sonatel.Options{Options: at, Credentials: o.Sonatel})
	return s.Sonatel, err
}

// onTill is the row of a simulator that is opened as its till is.
func onTill[S Simulator](name, path string, open func(stage.TillOptions) (S, error)) row {
	return row{name, path, func(_ *Sandbox, _ Options, at stage.Options) (Simulator, error) {
		return open(stage.TillOptions{Options: at})
	}}
}

// Simulator is one operator, as the sandbox runs it. A simulator on a stage.Till has all
// but Handler from it.
type Simulator interface {
	// Handler serves the simulator under its base path, which is stripped. It serves
	// /book and /switches besides the operator's own wire.
	Handler() http.Handler
	// Book returns the money that moved, oldest first.
	Book() []stage.Paid
	// Asked returns how many payments were ever asked for, either way.
	Asked() int
	// Settings is how its switches are read and changed.
	Settings() stage.Settings
	// Close stops it; again is harmless.
	Close(ctx context.Context) error
}

// row is one line of the table of simulators.
type row struct {
	name string // for people
	path string // the base path, whose last part is also the code by which commands name it
	// start opens the simulator at its place, and may keep it in the sandbox for Go tests.
	start func(s *Sandbox, o Options, at stage.Options) (Simulator, error)
}

// place returns where the simulator of a row is reached and keeps its journal, and how it
// runs besides.
func (r row) place(o Options) stage.Options {
	at := stage.Options{
		PublicURL: strings.TrimRight(o.PublicURL, "/") + r.path, Clock: o.Clock, MaxOrders: o.MaxSessions,
		NotifyClient: o.NotifyClient, Log: o.Log,
	}
	if o.JournalDir != "" {
		at.JournalPath = filepath.Join(o.JournalDir, r.code()+".jsonl")
	}
	return at
}

// code is the short name of a simulator: orange-web.
func (r row) code() string { return strings.TrimPrefix(r.path, "/") }

// opened is a simulator that runs.
type opened struct {
	row
	Simulator
}
