// Package sandbox runs the operator simulators behind one HTTP handler: one
// folder per operator, all playing on the same stage.
//
// The simulators are the independent witness of Pirogue. They are written from
// the wire facts, import nothing of Pirogue, and each keeps its own book of the
// money it moved. Whatever fault is injected, Pirogue's books must equal theirs.
//
// The pages: / shows the simulators and their books to people, /faults breaks them on
// purpose. For programs, /simulators lists them, and under each base path /book gives
// the book and /switches reads and sets the faults. None of it asks for a password:
// keep a sandbox away from the public.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"pirogue/sandbox/orangeweb"
	"pirogue/sandbox/sonatel"
	"pirogue/sandbox/stage"
)

// OrangeWebPath is the base path of the Orange Web Payment simulator. What
// api.orange.com serves at /oauth/v3/token is here at /orange-web/oauth/v3/token.
const OrangeWebPath = "/orange-web"

// SonatelPath is the base path of the simulator of Sonatel's Orange Money API.
const SonatelPath = "/sonatel"

// Options says how the sandbox runs. Only PublicURL has no default.
type Options struct {
	// PublicURL is where browsers and Pirogue reach the sandbox: http://127.0.0.1:8090.
	PublicURL string
	// JournalDir is the folder with one journal per simulator, which lets books and
	// sessions survive a crash; empty keeps everything in memory.
	JournalDir string
	// Clock is the time of day unless said otherwise; see stage.VirtualClock.
	Clock stage.Clock
	// OrangeWeb are the credentials Orange gave out; the zero value takes
	// orangeweb.ClientID, orangeweb.ClientSecret and orangeweb.MerchantKey.
	OrangeWeb orangeweb.Credentials
	// Sonatel are the credentials Sonatel gave out; the zero value takes the
	// constants of package sonatel.
	Sonatel sonatel.Credentials
	// MaxSessions bounds each simulator's memory; 0 takes the simulator's own bound.
	MaxSessions int
	// NotifyClient carries notifications, 5 s each; the default follows no redirect.
	NotifyClient *http.Client
	// Log takes what is worth knowing; nil keeps silent.
	Log *slog.Logger
}

// Sandbox is all simulators together. Make it with New.
type Sandbox struct {
	// OrangeWeb is the simulator of Orange Web Payment.
	OrangeWeb *orangeweb.Simulator
	// Sonatel is the simulator of Orange Money Senegal.
	Sonatel *sonatel.Simulator

	open []opened // every simulator, in the order of the table
}

// New starts every simulator, from its journal when there is one.
func New(o Options) (*Sandbox, error) {
	s := &Sandbox{}
	for _, row := range simulators {
		simulator, err := row.start(s, o, row.place(o))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start %s: %w", row.path, err), s.Close(context.Background()))
		}
		s.open = append(s.open, opened{row, simulator})
	}
	return s, nil
}

// Simulator returns the simulator of a code, nil for none.
func (s *Sandbox) Simulator(code string) Simulator {
	one, _ := s.find(code)
	return one.Simulator
}

// Handler serves every simulator under its base path, the list of them at /, and their
// faults at /faults.
func (s *Sandbox) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, one := range s.open {
		mux.Handle(one.path+"/", http.StripPrefix(one.path, one.Handler()))
	}
	mux.HandleFunc("GET /{$}", s.index)
	mux.HandleFunc("GET /index.css", indexStyle)
	mux.HandleFunc("GET /faults", s.showFaults)
	mux.HandleFunc("POST /faults", s.turn)
	mux.HandleFunc("GET /simulators", s.list)
	mux.HandleFunc("POST /simulators/{code}/heal", s.heal)
	return mux
}

// Close stops every simulator: no customer acts afterwards, and notifications
// that wait are delivered, or given up when ctx ends.
func (s *Sandbox) Close(ctx context.Context) error {
	var failed []error
	for _, one := range s.open {
		failed = append(failed, one.Close(ctx))
	}
	return errors.Join(failed...)
}
