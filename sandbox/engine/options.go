package engine

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
)

const defaultMaxOrders = 100_000 // some 100 to 200 MB

// Options configures a simulator. Only PublicURL has no default.
type Options struct {
	// PublicURL is the address of the simulator for browsers and Pirogue, base path included:
	// http://127.0.0.1:8090/orange-web.
	PublicURL string
	// JournalPath is the file that stores orders and book; empty keeps them in memory.
	JournalPath string
	// Clock defaults to the wall clock.
	Clock Clock
	// MaxOrders bounds memory, 100 000 by default. Beyond it calls answer 503: a simulator
	// rejects orders rather than drop old ones from its book.
	MaxOrders int
	// NotifyClient sends notifications. The default follows no redirect.
	NotifyClient *http.Client
	// Log receives warnings and errors; nil drops them.
	Log *slog.Logger
}

// Ready returns the options with their defaults, and PublicURL without a slash at its end.
// It returns an error if PublicURL is not an http address.
func (o Options) Ready() (Options, error) {
	if !IsAddress(o.PublicURL) {
		return o, fmt.Errorf("public URL %q is not an http address", o.PublicURL)
	}
	return o.withDefaults(), nil
}

// withDefaults returns the options with their defaults.
func (o Options) withDefaults() Options {
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	if o.Clock == nil {
		o.Clock = WallClock{}
	}
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.MaxOrders = cmp.Or(o.MaxOrders, defaultMaxOrders)
	return o
}

// IsAddress reports whether a text is an absolute http or https address. A sandbox runs on
// laptops, so http is allowed.
func IsAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}
