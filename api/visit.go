package api

import (
	"context"
	"net/http"
	"net/netip"
	"regexp"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/ids"
)

// visit is what is known of one request on its way through the checks. A field is
// set by the check that its comment names.
type visit struct {
	id       string             // identify
	tongue   tongue             // identify
	body     []byte             // readBody: the raw bytes
	ctx      context.Context    // startClock: ends storeTime later
	cancel   context.CancelFunc // startClock
	leave    func()             // takeTurn: gives the turn to the next, once
	bulk     func()             // readBody: lets another bulk's body in
	starved  bool               // fail: the database did not answer
	stamp    string             // checkTimestamp: as the merchant wrote and signed it
	sent     [32]byte           // findKey
	key      pirogue.Key        // checkSignature
	merchant pirogue.Merchant   // checkSignature
}

// owner is who the request speaks for.
func (v *visit) owner() pirogue.Owner {
	return pirogue.Owner{MerchantID: v.key.MerchantID, Mode: v.key.Mode}
}

// rest gives the turn to the next one: what follows waits for others than the
// database.
func (v *visit) rest() {
	if v.leave != nil {
		v.leave()
	}
}

// done lets go of the turn and of the time limit.
func (v *visit) done() {
	v.rest()
	if v.bulk != nil {
		v.bulk()
	}
	if v.cancel != nil {
		v.cancel()
	}
}

// visitKey is the visit's place in Gin's context.
type visitKey struct{}

// visitOf returns the request's visit. identify has put it there.
func visitOf(c *gin.Context) *visit {
	v, ok := c.MustGet(visitKey{}).(*visit)
	if !ok {
		panic("api: the request was not identified")
	}
	return v
}

// requestID is what a client may call its own request.
var requestID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// identify names the request and sets what every answer carries. It is first, so
// that even a panic is answered with a name to look for.
func (s *Server) identify(c *gin.Context) {
	v := &visit{id: ids.Request(), tongue: tongueOf(c.GetHeader("Accept-Language"))}
	if given := c.GetHeader("X-Request-Id"); requestID.MatchString(given) {
		v.id = given
	}
	c.Set(visitKey{}, v)
	c.Header("X-Request-Id", v.id)
	c.Header("Content-Language", string(v.tongue))
	c.Header("Cache-Control", "no-store")
	c.Header("X-Content-Type-Options", "nosniff")
}

// addressOf returns who sent the request. The zero address, which is on no list,
// stands for one that cannot be read.
func addressOf(c *gin.Context) netip.Addr {
	addr, err := netip.ParseAddr(c.ClientIP())
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// neighbourhood is what limits count as one address: an IPv4 address, or the /64
// that one IPv6 customer is given.
func neighbourhood(addr netip.Addr) netip.Prefix {
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

// single returns the only value of a header, "" when there is none, and whether
// there is at most one. Two values leave it open which of them was meant.
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
