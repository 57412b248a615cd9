package api

import (
	"context"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/access"
	"pirogue/api/httpkit"
)

// requestContext holds the facts about one request that its checks find. A comment names the check
// that sets the field.
type requestContext struct {
	id             string             // identify
	language       uiLanguage         // identify
	body           []byte             // readBody: the raw bytes
	ctx            context.Context    // startDeadline: ends storeTime later
	cancel         context.CancelFunc // startDeadline
	leave          func()             // limitConcurrency: gives the turn at the database back, once
	leaveBulk      func()             // readBody: frees the place of a bulk's body
	databaseFailed bool               // fail: the database did not respond
	timestamp      string             // checkTimestamp: in the merchant's text, which the signature covers
	signature      [32]byte           // readCredentials
	key            access.APIKey      // checkSignature
	merchant       pirogue.Merchant   // checkSignature
	counted        bool               // checkReplay: the request is counted against its merchant's rate
	rateWait       time.Duration      // checkReplay: until a request would pass; 0: this one passes
}

// owner returns the merchant and mode of the request's key.
func (rc *requestContext) owner() access.Owner {
	return access.Owner{MerchantID: rc.key.MerchantID, Mode: rc.key.Mode}
}

// leaveLimiter gives the turn at the database back before the request waits on something else.
func (rc *requestContext) leaveLimiter() {
	if rc.leave != nil {
		rc.leave()
	}
}

// release gives the turn back, frees the place of a bulk's body and releases the deadline.
func (rc *requestContext) release() {
	rc.leaveLimiter()
	if rc.leaveBulk != nil {
		rc.leaveBulk()
	}
	if rc.cancel != nil {
		rc.cancel()
	}
}

// requestContextOf returns the request's context, which identify stored.
func requestContextOf(c *gin.Context) *requestContext { return httpkit.ContextOf[requestContext](c) }

// identify stores the request's context and names the language of its response.
func identify(c *gin.Context) {
	rc := &requestContext{id: httpkit.RequestID(c), language: languageOf(c.GetHeader("Accept-Language"))}
	httpkit.SetContext(c, rc)
	c.Header("Content-Language", string(rc.language))
}

// logFields returns the fields of a request's log line that name its merchant.
func logFields(c *gin.Context) []zap.Field {
	key := requestContextOf(c).key
	return []zap.Field{zap.String("merchant_id", string(key.MerchantID)), zap.String("mode", string(key.Mode))}
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
