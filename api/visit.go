package api

import (
	"context"
	"net/http"
	"net/netip"
	"regexp"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/access"
	"pirogue/ids"
)

// requestContext holds the facts about one request that its checks find. A comment names the check that sets
// the field.
type requestContext struct {
	id       string             // identify
	tongue   uiLanguage         // identify
	body     []byte             // readBody: the raw bytes
	ctx      context.Context    // startClock: ends storeTime later
	cancel   context.CancelFunc // startClock
	leave    func()             // takeTurn: gives the turn at the database back, once
	bulk     func()             // readBody: frees the place of a bulk's body
	starved  bool               // fail: the database did not respond
	stamp    string             // checkTimestamp: in the merchant's text, which the signature covers
	sent     [32]byte           // findKey
	key      access.APIKey      // checkSignature
	merchant pirogue.Merchant   // checkSignature
}

// owner returns the merchant and mode of the request's key.
func (v *requestContext) owner() access.Owner {
	return access.Owner{MerchantID: v.key.MerchantID, Mode: v.key.Mode}
}

// rest gives the turn at the database back before the request waits on something else.
func (v *requestContext) rest() {
	if v.leave != nil {
		v.leave()
	}
}

// done gives the turn back, frees the place of a bulk's body and releases the deadline.
func (v *requestContext) done() {
	v.rest()
	if v.bulk != nil {
		v.bulk()
	}
	if v.cancel != nil {
		v.cancel()
	}
}

// requestContextKey is the key of the visit in Gin's context.
type requestContextKey struct{}

// requestContextOf returns the request's visit, which identify stored.
func requestContextOf(c *gin.Context) *requestContext {
	v, ok := c.MustGet(requestContextKey{}).(*requestContext)
	if !ok {
		panic("api: the request was not identified")
	}
	return v
}

// requestID is the accepted form of a client's own ID for its request.
var requestID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// identify gives the request its ID and sets the headers of every response. It runs first, so that
// even the response to a panic has an ID to search for.
func (s *Server) identify(c *gin.Context) {
	v := &requestContext{id: ids.Request(), tongue: languageOf(c.GetHeader("Accept-Language"))}
	if given := c.GetHeader("X-Request-Id"); requestID.MatchString(given) {
		v.id = given
	}
	c.Set(requestContextKey{}, v)
	c.Header("X-Request-Id", v.id)
	c.Header("Content-Language", string(v.tongue))
	c.Header("Cache-Control", "no-store")
	c.Header("X-Content-Type-Options", "nosniff")
}

// addressOf returns the client's address. An unreadable address becomes the zero address, which is
// on no list.
func addressOf(c *gin.Context) netip.Addr {
	addr, err := netip.ParseAddr(c.ClientIP())
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// addressBlock returns the network that limits count as one address. It is an IPv4 address, or the
// /64 that one IPv6 customer receives.
func addressBlock(addr netip.Addr) netip.Prefix {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = bits / 2
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}

// single returns the only value of a header, "" when there is none. It is false for two values, for
// it would be unclear which of them counts.
func single(h http.Header, name string) (string, bool) {
	values := h.Values(name)
	switch len(values) {
	case 0:
		return "", true
	case 1:
		return values[0], true
	default:
		return "", false
	}
}
