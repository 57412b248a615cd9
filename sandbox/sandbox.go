// Package sandbox runs the operator simulators behind one HTTP handler. Each operator has a
// folder of its own, and all use package engine.
//
// The simulators check Pirogue independently. They are written from the wire facts and
// import nothing of Pirogue. Each keeps its own book of the money it moved. Whatever fault
// is injected, Pirogue's books must equal theirs.
//
// The pages: / shows the simulators and their books to people, /faults breaks them on
// purpose. For programs, /simulators lists them. Under each base path, /book returns the
// book and /switches reads and sets the faults. None of them asks for a password: keep a
// sandbox away from the public.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/orangeweb"
	"pirogue/sandbox/sonatel"
)

// OrangeWebPath is the base path of the Orange Web Payment simulator. The path
// /oauth/v3/token of api.orange.com is here /orange-web/oauth/v3/token.
const OrangeWebPath = "/orange-web"

// SonatelPath is the base path of the simulator of Sonatel's Orange Money API.
const SonatelPath = "/sonatel"

// Options configures the sandbox. Only PublicURL has no default.
type Options struct {
	// PublicURL is the address of the sandbox for browsers and Pirogue: http://127.0.0.1:8090.
	PublicURL string
	// JournalDir is the folder with one journal per simulator, so that books and sessions
	// survive a crash. Empty keeps everything in memory.
	JournalDir string
	// Clock defaults to the wall clock; see engine.VirtualClock.
	Clock engine.Clock
	// OrangeWeb holds the credentials that Orange issued. The zero value means
	// orangeweb.ClientID, orangeweb.ClientSecret and orangeweb.MerchantKey.
	OrangeWeb orangeweb.Credentials
	// Sonatel holds the credentials that Sonatel issued. The zero value means the constants of
	// package sonatel.
	Sonatel sonatel.Credentials
	// MaxSessions bounds each simulator's memory; 0 means the simulator's own bound.
	MaxSessions int
	// NotifyClient sends notifications, 5 s each. The default follows no redirect.
	NotifyClient *http.Client
	// Log receives warnings and errors; nil drops them.
	Log *slog.Logger
}

// Sandbox holds all simulators. Make it with New.
type Sandbox struct {
	// OrangeWeb is the simulator of Orange Web Payment.
	OrangeWeb *orangeweb.Simulator
	// Sonatel is the simulator of Orange Money Senegal.
	Sonatel *sonatel.Simulator

	open []runningSimulator // every simulator, in the order of the table
}

// New starts every simulator, from its journal if there is one.
func New(o Options) (*Sandbox, error) {
	s := &Sandbox{}
	for _, row := range simulators {
		simulator, err := row.start(s, o, row.options(o))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start %s: %w", row.path, err), s.Close(context.Background()))
		}
		s.open = append(s.open, runningSimulator{row, simulator})
	}
	return s, nil
}

// Simulator returns the simulator of a code, or nil if there is none.
func (s *Sandbox) Simulator(code string) Simulator {
	one, _ := s.find(code)
	return one.Simulator
}

// Handler serves every simulator under its base path, their list at /, and their faults at
// /faults.
func (s *Sandbox) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, one := range s.open {
		mux.Handle(one.path+"/", http.StripPrefix(one.path, one.Handler()))
	}
	mux.HandleFunc("GET /{$}", s.serveIndex)
	mux.HandleFunc("GET /index.css", serveStyle)
	mux.HandleFunc("GET /faults", s.showFaults)
	mux.HandleFunc("POST /faults", s.changeFaults)
	mux.HandleFunc("GET /simulators", s.serveList)
	mux.HandleFunc("POST /simulators/{code}/heal", s.serveHeal)
	return mux
}

// Close stops every simulator. No customer acts afterwards. Queued notifications are
// delivered, or dropped when ctx ends.
func (s *Sandbox) Close(ctx context.Context) error {
	var failed []error
	for _, one := range s.open {
		failed = append(failed, one.Close(ctx))
	}
	return errors.Join(failed...)
}
