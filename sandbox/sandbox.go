// Package sandbox runs the operator simulators behind one HTTP handler: one
// folder per operator, all playing on the same stage.
//
// The simulators are the independent witness of Pirogue. They are written from
// the wire facts, import nothing of Pirogue, and each keeps its own book of the
// money it moved. Whatever fault is injected, Pirogue's books must equal theirs.
//
// The pages: / shows the simulators and their books to people. Under each base
// path, /book gives the book as JSON and /switches reads and sets the faults. The
// book and the switches ask for no password: keep a sandbox away from the public.
package sandbox

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"

	"pirogue/sandbox/novasend"
	"pirogue/sandbox/orangeweb"
	"pirogue/sandbox/sonatel"
	"pirogue/sandbox/stage"
)

// OrangeWebPath is the base path of the Orange Web Payment simulator. What
// api.orange.com serves at /oauth/v3/token is here at /orange-web/oauth/v3/token.
const OrangeWebPath = "/orange-web"

// SonatelPath is the base path of the simulator of Sonatel's Orange Money API.
const SonatelPath = "/sonatel"

// NovasendPath is the base path of the simulator of Novasend's merchant API.
const NovasendPath = "/novasend"

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
	// Novasend is the simulator of Novasend, in every country it serves.
	Novasend *novasend.Simulator
}

// New starts every simulator, from its journal when there is one.
func New(o Options) (*Sandbox, error) {
	base := strings.TrimRight(o.PublicURL, "/")
	orange, err := orangeweb.New(orangeweb.Options{
		PublicURL:    base + OrangeWebPath,
		JournalPath:  o.journal("orange-web"),
		Clock:        o.Clock,
		Credentials:  o.OrangeWeb,
		MaxSessions:  o.MaxSessions,
		NotifyClient: o.NotifyClient,
		Log:          o.Log,
	})
	if err != nil {
		return nil, err
	}
	senegal, err := sonatel.New(sonatel.Options{
		PublicURL:    base + SonatelPath,
		JournalPath:  o.journal("sonatel"),
		Clock:        o.Clock,
		Credentials:  o.Sonatel,
		MaxKept:      o.MaxSessions,
		NotifyClient: o.NotifyClient,
		Log:          o.Log,
	})
	if err != nil {
		return nil, errors.Join(err, orange.Close(context.Background()))
	}
	nova, err := novasend.New(novasend.Options{
		PublicURL:    base + NovasendPath,
		JournalPath:  o.journal("novasend"),
		Clock:        o.Clock,
		MaxOrders:    o.MaxSessions,
		NotifyClient: o.NotifyClient,
		Log:          o.Log,
	})
	if err != nil {
		return nil, errors.Join(err, orange.Close(context.Background()), senegal.Close(context.Background()))
	}
	return &Sandbox{OrangeWeb: orange, Sonatel: senegal, Novasend: nova}, nil
}

// journal is the path of one simulator's journal, empty for none.
func (o Options) journal(name string) string {
	if o.JournalDir == "" {
		return ""
	}
	return filepath.Join(o.JournalDir, name+".jsonl")
}

// Handler serves every simulator under its base path, and the list of them at /.
func (s *Sandbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(OrangeWebPath+"/", http.StripPrefix(OrangeWebPath, s.OrangeWeb.Handler()))
	mux.Handle(SonatelPath+"/", http.StripPrefix(SonatelPath, s.Sonatel.Handler()))
	mux.Handle(NovasendPath+"/", http.StripPrefix(NovasendPath, s.Novasend.Handler()))
	mux.HandleFunc("GET /{$}", s.index)
	mux.HandleFunc("GET /index.css", indexStyle)
	return mux
}

// Close stops every simulator: no customer acts afterwards, and notifications
// that wait are delivered, or given up when ctx ends.
func (s *Sandbox) Close(ctx context.Context) error {
	return errors.Join(s.OrangeWeb.Close(ctx), s.Sonatel.Close(ctx), s.Novasend.Close(ctx))
}
