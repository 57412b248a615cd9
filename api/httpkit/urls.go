package httpkit

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"pirogue"
)

// maxURL limits a URL, in characters.
const maxURL = 2048

// URLRules decides which URLs of a merchant are accepted. A customer's browser opens a page.
// Pirogue calls a webhook from inside its own network, so a webhook has stricter rules. The dialler
// checks the resolved addresses again at each call.
type URLRules struct {
	own      string // our own host, which Pirogue must not call
	loopback bool   // allows calls to this machine
}

// NewURLRules returns the rules of a server with the address public. With loopback a webhook may
// lead to this machine, for development only.
func NewURLRules(public string, loopback bool) URLRules {
	own := ""
	if u, err := url.Parse(public); err == nil {
		own = u.Host
	}
	return URLRules{own: own, loopback: loopback}
}

// httpText is a URL in visible ASCII. The merchant must encode all other characters. A line break
// would end a header, and letters of other alphabets look like ASCII ones.
var httpText = regexp.MustCompile(`^https?://[\x21-\x7e]+$`)

// Page returns a rule that accepts a URL to send a customer to. It must be https, or http with test
// keys. A user name is refused, for it could pass for the host.
func (r URLRules) Page(m pirogue.Mode) func(string) bool {
	return func(text string) bool {
		_, ok := parseURL(text, m)
		return ok
	}
}

// Webhook returns a rule that accepts a URL for webhooks.
func (r URLRules) Webhook(m pirogue.Mode) func(string) bool {
	return func(text string) bool {
		u, ok := parseURL(text, m)
		return ok && u.Fragment == "" && !strings.Contains(text, "#") && r.reachable(u)
	}
}

// CheckMerchantWebhook returns nil for a URL that a merchant's webhooks of both modes may go to, and
// InvalidURL for another. It must be https like a live payment's, or http in development.
func (r URLRules) CheckMerchantWebhook(text string) error {
	mode := pirogue.Live
	if r.loopback {
		mode = pirogue.Test
	}
	if r.Webhook(mode)(text) {
		return nil
	}
	return pirogue.FieldError(pirogue.InvalidURL, "notify_url")
}

// parseURL parses an absolute http or https URL.
func parseURL(text string, m pirogue.Mode) (*url.URL, bool) {
	if len(text) > maxURL || !httpText.MatchString(text) {
		return &url.URL{}, false
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return &url.URL{}, false
	}
	return u, u.Scheme == "https" || m == pirogue.Test
}

// reachable reports whether Pirogue may call the URL's host and port.
func (r URLRules) reachable(u *url.URL) bool {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if isLoopback(host) {
		return r.loopback && !strings.EqualFold(u.Host, r.own)
	}
	standard := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	if port := u.Port(); port != "" && port != standard {
		return false
	}
	own, err := url.Parse("//" + r.own)
	if err != nil || strings.EqualFold(host, own.Hostname()) {
		return false
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return isPublic(addr)
	}
	return isPublicName(host)
}

// isLoopback reports whether host names this machine.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// hostName is a name with at least one dot whose last label is no number. Browsers and resolvers
// read 127.1, 2130706433 and 0x7f.1 as addresses.
var hostName = regexp.MustCompile(`^([a-z0-9_-]{1,63}\.)+[a-z][a-z0-9-]{0,62}$`)

// privateZones lists suffixes of names that exist inside a network only.
var privateZones = []string{".localhost", ".local", ".internal", ".lan", ".home.arpa"}

// isPublicName reports whether a name can exist in the public DNS.
func isPublicName(host string) bool {
	inside := func(zone string) bool { return strings.HasSuffix(host, zone) }
	return hostName.MatchString(host) && !slices.ContainsFunc(privateZones, inside)
}

// globalUnicast is the only part of IPv6 that is routed on the Internet (IANA).
var globalUnicast = netip.MustParsePrefix("2000::/3")

// notPublic lists every network that is not the Internet, or leads back into ours (IANA
// special-purpose address registries).
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("10.0.0.0/8"),      // private
	netip.MustParsePrefix("100.64.0.0/10"),   // carrier-grade NAT
	netip.MustParsePrefix("127.0.0.0/8"),     // loopback
	netip.MustParsePrefix("169.254.0.0/16"),  // link-local, cloud metadata
	netip.MustParsePrefix("172.16.0.0/12"),   // private
	netip.MustParsePrefix("192.0.0.0/24"),    // IETF protocols, cloud metadata
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation
	netip.MustParsePrefix("192.88.99.0/24"),  // 6to4 relays
	netip.MustParsePrefix("192.168.0.0/16"),  // private
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"), // documentation
	netip.MustParsePrefix("203.0.113.0/24"),  // documentation
	netip.MustParsePrefix("224.0.0.0/4"),     // multicast
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, broadcast
	netip.MustParsePrefix("2001::/23"),       // IETF protocols, Teredo
	netip.MustParsePrefix("2001:db8::/32"),   // documentation
	netip.MustParsePrefix("2002::/16"),       // 6to4: an IPv4 address inside
	netip.MustParsePrefix("3fff::/20"),       // documentation
}

// isPublic reports whether addr is on the Internet.
func isPublic(addr netip.Addr) bool {
	addr = addr.Unmap()
	if addr.Zone() != "" || addr.Is6() && !globalUnicast.Contains(addr) {
		return false
	}
	return !slices.ContainsFunc(notPublic, func(network netip.Prefix) bool { return network.Contains(addr) })
}
