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
	{"Orange Web Payment", OrangeWebPath, func(s *Sandbox, o Options, at place) (sim Simulator, err error) {
		s.OrangeWeb, err = orangeweb.New(orangeweb.Options{
			PublicURL: at.url, JournalPath: at.journal, Clock: o.Clock, Credentials: o.OrangeWeb,
			MaxSessions: o.MaxSessions, NotifyClient: o.NotifyClient, Log: o.Log,
		})
		return s.OrangeWeb, err
	}},
	{"Orange Money Sénégal (Sonatel)", SonatelPath, func(s *Sandbox, o Options, at place) (sim Simulator, err error) {
		s.Sonatel, err = sonatel.New(sonatel.Options{
			PublicURL: at.url, JournalPath: at.journal, Clock: o.Clock, Credentials: o.Sonatel,
			MaxKept: o.MaxSessions, NotifyClient: o.NotifyClient, Log: o.Log,
		})
		return s.Sonatel, err
	}},
	{"Novasend", NovasendPath, func(s *Sandbox, o Options, at place) (sim Simulator, err error) {
		s.Novasend, err = novasend.New(novasend.Options{
			PublicURL: at.url, JournalPath: at.journal, Clock: o.Clock,
			MaxOrders: o.MaxSessions, NotifyClient: o.NotifyClient, Log: o.Log,
		})
		return s.Novasend, err
	}},
	{"Digitalpaye (Côte d'Ivoire)", DigitalpayePath, func(s *Sandbox, o Options, at place) (sim Simulator, err error) {
		s.Digitalpaye, err = digitalpaye.New(digitalpaye.Options{
			PublicURL: at.url, JournalPath: at.journal, Clock: o.Clock,
			MaxOrders: o.MaxSessions, NotifyClient: o.NotifyClient, Log: o.Log,
		})
		return s.Digitalpaye, err
	}},
	{"Taramoney (Cameroun)", TaramoneyPath, func(s *Sandbox, o Options, at place) (sim Simulator, err error) {
		s.Taramoney, err = taramoney.New(taramoney.Options{
			PublicURL: at.url, JournalPath: at.journal, Clock: o.Clock,
			MaxOrders: o.MaxSessions, NotifyClient: o.NotifyClient, Log: o.Log,
		})
		return s.Taramoney, err
	}},
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
	start func(s *Sandbox, o Options, at place) (Simulator, error)
}

// place is where a simulator is reached and keeps its journal; "" keeps none.
type place struct{ url, journal string }

// place returns where the simulator of a row is to be.
func (r row) place(o Options) place {
	at := place{url: strings.TrimRight(o.PublicURL, "/") + r.path}
	if o.JournalDir != "" {
		at.journal = filepath.Join(o.JournalDir, r.code()+".jsonl")
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
