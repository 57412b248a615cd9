package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/access"
	"pirogue/api/httpkit"
	"pirogue/ids"
)

// The headers of a signed request.
const (
	keyHeader       = "X-NekaPay-Key"
	timestampHeader = "X-NekaPay-Timestamp"
	signatureHeader = "X-NekaPay-Signature"
)

// admission checks requests before their handlers run.
type admission struct {
	*responder

	access          Access
	limiter         *httpkit.ConcurrencyLimiter // the requests that use the database at the same time
	bulkBodies      *inFlightLimiter[netip.Prefix]
	decoy           string // the secret used to check the signature of an unknown key
	wrongSignatures *rateLimiter[netip.Prefix]
}

// newAdmission returns the checks with their limits.
func newAdmission(o Options, r *responder) *admission {
	return &admission{
		responder: r, access: o.Store.Access, decoy: ids.Secret(),
		limiter: httpkit.NewConcurrencyLimiter(httpkit.ConcurrencyLimits{
			Inside: maxInside, Queue: maxQueue, Wait: maxQueueWait, MaxFailed: maxFailed,
		}),
		bulkBodies:      newInFlightLimiter[netip.Prefix](maxBulkBodies, maxBulkBodiesOfOne, bulkRetry),
		wrongSignatures: newRateLimiter[netip.Prefix](wrongSignaturesPerSecond, wrongSignaturesBurst),
	}
}

// merchantChecks lists the checks of a merchant's request, in the order of the contract. A refusal by a
// later check reveals that the earlier ones passed. So only the holder of the secret learns more
// than "wrong signature".
func (a *admission) merchantChecks() []handler {
	return []handler{
		a.readBody,
		a.checkContentType,
		a.checkEncoding,
		a.checkTimestamp,
		a.limitConcurrency,
		a.checkSignature,
		a.checkAddress,
		a.checkReplay,
		a.checkSuspension,
		a.checkRate,
		a.checkNoBody,
	}
}

// callbackChecks lists the checks of a callback. Callbacks bear no signature of ours: the token
// in the path and the operator's own proof authenticate them.
func (a *admission) callbackChecks() []handler {
	return []handler{a.readBody, a.checkEncoding, a.startDeadline}
}

// run returns the middleware that runs the checks in order and lets a request continue when all pass.
// It stops at the first failure.
func (a *admission) run(checks []handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		rc := requestContextOf(c)
		defer a.finish(rc)
		for _, check := range checks {
			if err := check(c, rc); err != nil {
				a.fail(c, err)
				return
			}
		}
		c.Next()
	}
}

// finish releases the request's turn and places, and reports to the limiter whether the
// database responded.
func (a *admission) finish(rc *requestContext) {
	if rc.leave != nil {
		a.limiter.Report(!rc.databaseFailed)
	}
	rc.release()
}

// limitConcurrency waits for the request's turn at the database.
func (a *admission) limitConcurrency(c *gin.Context, rc *requestContext) error {
	leave, err := a.limiter.Enter(lifeOf(c.Request))
	if err != nil {
		return err
	}
	rc.leave = leave
	return a.startDeadline(c, rc)
}

// startDeadline sets the deadline of the request's database calls: storeTime from now.
func (a *admission) startDeadline(c *gin.Context, rc *requestContext) error {
	rc.ctx, rc.cancel = context.WithTimeout(lifeOf(c.Request), storeTime)
	return nil
}

// timestampText is the only accepted form of a timestamp. The signed text has no separator between
// it and the body. A lenient parser would accept digits of the body in it.
var timestampText = regexp.MustCompile(`^[1-9][0-9]{9}$`)

// checkTimestamp accepts a timestamp at most timestampSlack before or after the server's time.
func (a *admission) checkTimestamp(c *gin.Context, rc *requestContext) error {
	text, ok := httpkit.SingleHeader(c.Request.Header, timestampHeader)
	if !ok {
		return a.rejectSignature(c, "two timestamps")
	}
	if !timestampText.MatchString(text) {
		return pirogue.Errorf(pirogue.TimestampOutOfRange, "timestamp is not ten digits")
	}
	at, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return pirogue.Errorf(pirogue.TimestampOutOfRange, "timestamp: %w", err)
	}
	away := a.clock.Now().Unix() - at
	if away > timestampSlack || away < -timestampSlack {
		return pirogue.Errorf(pirogue.TimestampOutOfRange, "timestamp is %d s away", away)
	}
	rc.timestamp = text
	return nil
}

// Both forms are fixed. A signature has exactly one text, and a text that cannot be a key costs no
// query.
var (
	keyText       = regexp.MustCompile(`^nk_(test|live)_[A-Za-z0-9]{1,64}$`)
	signatureText = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// checkSignature finds the key and verifies the signature over the raw bytes. An unknown key and a
// wrong signature get the same response.
func (a *admission) checkSignature(c *gin.Context, rc *requestContext) error {
	public, err := a.readCredentials(c, rc)
	if err != nil {
		return err
	}
	key, merchant, known := a.access.RecentKey(public, a.clock.Now())
	if !known {
		return a.verifyByDatabase(c, rc, public, nil)
	}
	if verified(key.Secrets, a.decoy, signedText(c, rc), rc.signature) {
		rc.key, rc.merchant = key, merchant
		return nil
	}
	// A signature that a recent key does not explain may be of a secret that was made since.
	return a.verifyByDatabase(c, rc, public, key.Secrets)
}

// verifyByDatabase verifies the signature by the key in the database, unless its secrets are those that
// failed to. So an unknown key, which has no secret, takes the time of a wrong signature.
func (a *admission) verifyByDatabase(
	c *gin.Context, rc *requestContext, public string, failed []access.Secret,
) error {
	key, merchant, err := a.findKey(rc, public)
	if err != nil {
		return err
	}
	same := len(failed) > 0 && slices.Equal(failed, key.Secrets)
	if same || !verified(key.Secrets, a.decoy, signedText(c, rc), rc.signature) {
		return a.rejectSignature(c, "signature does not match")
	}
	rc.key, rc.merchant = key, merchant
	return nil
}

// signedText returns what the signature of a request covers. That of a GET covers its timestamp alone,
// whatever body it brings.
func signedText(c *gin.Context, rc *requestContext) []byte {
	signed := []byte(rc.timestamp)
	if c.Request.Method != http.MethodGet {
		signed = append(signed, rc.body...)
	}
	return signed
}

// readCredentials reads the key and the signature from the headers, and returns the public half of
// the key.
func (a *admission) readCredentials(c *gin.Context, rc *requestContext) (string, error) {
	public, oneKey := httpkit.SingleHeader(c.Request.Header, keyHeader)
	text, oneSignature := httpkit.SingleHeader(c.Request.Header, signatureHeader)
	if !oneKey || !oneSignature || !keyText.MatchString(public) || !signatureText.MatchString(text) {
		return "", a.rejectSignature(c, "no well-formed key and signature")
	}
	if _, err := hex.Decode(rc.signature[:], []byte(text)); err != nil {
		return "", a.rejectSignature(c, "signature is not hexadecimal")
	}
	return public, nil
}

// findKey reads a key with its merchant from the database. An unknown key comes back without a
// secret.
func (a *admission) findKey(rc *requestContext, public string) (access.APIKey, pirogue.Merchant, error) {
	key, merchant, err := a.access.Key(rc.ctx, public, a.clock.Now())
	if pirogue.CodeOf(err) == pirogue.NotFound {
		return access.APIKey{}, pirogue.Merchant{}, nil
	}
	return key, merchant, err
}

// verified reports whether one of the secrets made the signature of message. It always computes
// maxSecrets signatures, with the decoy in place of missing secrets. Its duration so reveals
// neither an unknown key nor a rotation.
func verified(secrets []access.Secret, decoy string, message []byte, signature [32]byte) bool {
	match := false
	for i := range maxSecrets {
		secret, known := decoy, i < len(secrets)
		if known {
			secret = secrets[i].Text
		}
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(message)
		if hmac.Equal(mac.Sum(nil), signature[:]) && known {
			match = true
		}
	}
	return match
}

// rejectSignature refuses a wrong signature, with 429 once the address has sent too many. It counts
// and refuses wrong signatures only. A merchant who shares an address, or a proxy, with an attacker
// still gets in.
func (a *admission) rejectSignature(c *gin.Context, why string) error {
	a.metrics.wrongSignatures.Inc()
	err := pirogue.Errorf(pirogue.SignatureInvalid, "%s", why)
	if wait := a.wrongSignatures.take(addressBlock(addressOf(c)), a.clock.Now()); wait > 0 {
		return &problem{error: pirogue.Errorf(pirogue.RateLimited, "too many: %w", err), wait: wait}
	}
	return err
}

// checkAddress refuses a key from outside the networks that its merchant named, if any.
func (a *admission) checkAddress(c *gin.Context, rc *requestContext) error {
	addr := addressOf(c)
	inside := func(network netip.Prefix) bool { return network.Contains(addr) }
	if len(rc.key.AllowedIPs) > 0 && !slices.ContainsFunc(rc.key.AllowedIPs, inside) {
		return pirogue.Errorf(pirogue.IPNotAllowed, "address is not on the key's list")
	}
	return nil
}

// checkReplay binds a POST's signature to the first path it is used on. The signature covers no
// path, so a captured cash-in could otherwise be sent to another route. On the same path the
// merchant's order ID makes a repeat harmless. On the way it counts the request for checkRate.
func (a *admission) checkReplay(c *gin.Context, rc *requestContext) error {
	if c.Request.Method == http.MethodGet {
		return nil
	}
	path := c.Request.URL.Path
	if query := c.Request.URL.RawQuery; query != "" { // a bulk in CSV has its reference in the query
		path += "?" + query
	}
	fresh, err := a.useSignature(c, rc, path)
	if errors.Is(err, access.ErrKeyChanged) { // by another process, since this one has read it
		if err := a.verifyByDatabase(c, rc, rc.key.Public, nil); err != nil {
			return err
		}
		fresh, err = a.useSignature(c, rc, path)
	}
	if err == nil && !fresh {
		err = pirogue.Errorf(pirogue.SignatureReplayed, "signature is bound to another route")
	}
	return err
}

// useSignature binds the request's signature to a path and counts the request. It fails with
// access.ErrKeyChanged if the key that verified the signature is not what it was.
func (a *admission) useSignature(c *gin.Context, rc *requestContext, path string) (fresh bool, err error) {
	use := access.UsedSignature{
		Signature: rc.signature, KeyID: rc.key.Public, KeyVersion: rc.key.Version, Method: c.Request.Method, Path: path,
		At: a.clock.Now(),
	}
	if rc.merchant.Suspended { // its requests are refused before they count
		return a.access.UseSignature(rc.ctx, use)
	}
	rc.counted = true
	fresh, rc.rateWait, err = a.access.Admit(rc.ctx, use, rc.owner())
	return fresh, err
}

// checkSuspension refuses a suspended merchant.
func (a *admission) checkSuspension(_ *gin.Context, rc *requestContext) error {
	if rc.merchant.Suspended {
		return &pirogue.Error{Code: pirogue.MerchantSuspended, Err: errors.New("merchant is suspended")}
	}
	return nil
}

// checkRate counts the request against its merchant's rate, and refuses it with RateLimited above
// the rate.
func (a *admission) checkRate(_ *gin.Context, rc *requestContext) error {
	wait, err := rc.rateWait, error(nil)
	if !rc.counted {
		wait, err = a.access.Take(rc.ctx, rc.owner(), a.clock.Now())
	}
	if err == nil && wait > 0 {
		err = &problem{error: pirogue.Errorf(pirogue.RateLimited, "merchant's rate"), wait: wait}
	}
	return err
}
