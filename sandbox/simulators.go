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
	onTill("Novasend", NovasendPath,
		func(o stage.TillOptions) (*novasend.Simulator, error) { return novasend.New(o) },
		func(s *Sandbox, sim *novasend.Simulator) { s.Novasend = sim }),
	onTill("Digitalpaye (Côte d'Ivoire)", DigitalpayePath, digitalpaye.New,
		func(s *Sandbox, sim *digitalpaye.Simulator) { s.Digitalpaye = sim }),
	onTill("Taramoney (Cameroun)", TaramoneyPath, taramoney.New,
		func(s *Sandbox, sim *taramoney.Simulator) { s.Taramoney = sim }),
}

func startOrangeWeb(s *Sandbox, o Options, at stage.Options) (sim Simulator, err error) {
	s.OrangeWeb, err = orangeweb.New(orangeweb.Options{Options: at, Credentials: o.OrangeWeb})
	return s.OrangeWeb, err
}

func startSonatel(s *Sandbox, o Options, at stage.Options) (sim Simulator, err error) {
	s.Sonatel, err = sonatel.New(sonatel.Options{Options: at, Credentials: o.Sonatel})
	return s.Sonatel, err
}

// onTill is the row of a simulator that is opened as its till is. keep puts it into the
// sandbox for Go tests.
func onTill[S Simulator](
	name, path string, open func(stage.TillOptions) (S, error), keep func(*Sandbox, S),
) row {
	return row{name, path, func(s *Sandbox, _ Options, at stage.Options) (Simulator, error) {
		sim, err := open(stage.TillOptions{Options: at})
		keep(s, sim)
		return sim, err
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
