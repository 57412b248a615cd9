package stage

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
)

const defaultMaxOrders = 100_000 // some 100 to 200 MB

// Options says how a simulator runs. Only PublicURL has no default.
type Options struct {
	// PublicURL is where browsers and Pirogue reach the simulator, base path included:
	// http://127.0.0.1:8090/orange-web.
	PublicURL string
	// JournalPath is the file that keeps orders and book; empty keeps them in memory.
	JournalPath string
	// Clock is the time of day unless said otherwise.
	Clock Clock
	// MaxOrders bounds memory, 100 000 by default. Beyond it calls answer 503: a witness
	// refuses rather than forgets.
	MaxOrders int
	// NotifyClient carries notifications; the default follows no redirect.
	NotifyClient *http.Client
	// Log takes what is worth knowing; nil keeps silent.
	Log *slog.Logger
}

// Ready returns the options with their defaults, and the address without a slash at its
// end. It fails when that is no address.
func (o Options) Ready() (Options, error) {
	if !IsAddress(o.PublicURL) {
		return o, fmt.Errorf("public URL %q is not an http address", o.PublicURL)
	}
	return o.withDefaults(), nil
}

func (o Options) withDefaults() Options {
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	if o.Clock == nil {
		o.Clock = WallClock{}
	}
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.MaxOrders = cmp.Or(o.MaxOrders, defaultMaxOrders)
	return o
}

// IsAddress reports whether a text is an absolute http address. A sandbox runs on laptops,
// so that http is as good as https.
func IsAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}
