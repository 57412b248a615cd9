package api

import (
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
)

// The headers of a signed request.
const (
	keyHeader       = "X-NekaPay-Key"
	timestampHeader = "X-NekaPay-Timestamp"
	signatureHeader = "X-NekaPay-Signature"
)

// admission lists the checks of a merchant's request, in the order of the contract. A refusal by a
// later check reveals that the earlier ones passed. So only the holder of the secret learns more
// than "wrong signature".
func (s *Server) admission() []handler {
	return []handler{
		s.readBody,
		s.checkContentType,
		s.checkEncoding,
		s.checkTimestamp,
		s.takeTurn,
		s.checkSignature,
		s.checkAddress,
		s.checkReplay,
		s.checkSuspension,
		s.checkRate,
		s.checkNoBody,
	}
}

// timestampText is the only accepted form of a timestamp. The signed text has no separator between
// it and the body. A lenient parser would accept digits of the body in it.
var timestampText = regexp.MustCompile(`^[1-9][0-9]{9}$`)

// checkTimestamp accepts a timestamp at most timestampSlack before or after the server's time.
func (s *Server) checkTimestamp(c *gin.Context, v *requestContext) error {
	text, ok := single(c.Request.Header, timestampHeader)
	if !ok {
		return s.rejectSignature(c, "two timestamps")
	}
	if !timestampText.MatchString(text) {
		return pirogue.Errorf(pirogue.TimestampOutOfRange, "timestamp is not ten digits")
	}
	at, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return pirogue.Errorf(pirogue.TimestampOutOfRange, "timestamp: %w", err)
	}
	away := s.clock.Now().Unix() - at
	if away > timestampSlack || away < -timestampSlack {
		return pirogue.Errorf(pirogue.TimestampOutOfRange, "timestamp is %d s away", away)
	}
	v.stamp = text
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
func (s *Server) checkSignature(c *gin.Context, v *requestContext) error {
	key, merchant, err := s.findKey(c, v)
	if err != nil {
		return err
	}
	// The signature of a GET covers its timestamp alone, whatever body it brings.
	signed := []byte(v.stamp)
	if c.Request.Method != http.MethodGet {
		signed = append(signed, v.body...)
	}
	// An unknown key comes without secrets and takes the same time as a wrong signature.
	if !verified(key.Secrets, s.decoy, signed, v.sent) {
		return s.rejectSignature(c, "signature does not match")
	}
	v.key, v.merchant = key, merchant
	return nil
}

// findKey reads the key and the signature from the headers, and returns the key with its merchant.
// An unknown key comes back without a secret.
func (s *Server) findKey(c *gin.Context, v *requestContext) (access.APIKey, pirogue.Merchant, error) {
	public, oneKey := single(c.Request.Header, keyHeader)
	text, oneSignature := single(c.Request.Header, signatureHeader)
	if !oneKey || !oneSignature || !keyText.MatchString(public) || !signatureText.MatchString(text) {
		return access.APIKey{}, pirogue.Merchant{}, s.rejectSignature(c, "no well-formed key and signature")
	}
	if _, err := hex.Decode(v.sent[:], []byte(text)); err != nil {
		return access.APIKey{}, pirogue.Merchant{}, s.rejectSignature(c, "signature is not hexadecimal")
	}
	key, merchant, err := s.store.Access.Key(v.ctx, public, s.clock.Now())
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
func (s *Server) rejectSignature(c *gin.Context, why string) error {
	s.metrics.wrongSignatures.Inc()
	err := pirogue.Errorf(pirogue.SignatureInvalid, "%s", why)
	if wait := s.wrongSignatures.take(addressBlock(addressOf(c)), s.clock.Now()); wait > 0 {
		return &problem{error: pirogue.Errorf(pirogue.RateLimited, "too many: %w", err), wait: wait}
	}
	return err
}

// checkAddress refuses a key from outside the networks that its merchant named, if any.
func (s *Server) checkAddress(c *gin.Context, v *requestContext) error {
	addr := addressOf(c)
	inside := func(network netip.Prefix) bool { return network.Contains(addr) }
	if len(v.key.AllowedIPs) > 0 && !slices.ContainsFunc(v.key.AllowedIPs, inside) {
		return pirogue.Errorf(pirogue.IPNotAllowed, "address is not on the key's list")
	}
	return nil
}

// checkReplay binds a POST's signature to the first path it is used on. The signature covers no
// path, so a captured cash-in could otherwise be sent to another route. On the same path the
// merchant's order ID makes a repeat harmless.
func (s *Server) checkReplay(c *gin.Context, v *requestContext) error {
	if c.Request.Method == http.MethodGet {
		return nil
	}
	path := c.Request.URL.Path
	if query := c.Request.URL.RawQuery; query != "" { // a bulk in CSV has its reference in the query
		path += "?" + query
	}
	fresh, err := s.store.Access.UseSignature(v.ctx, access.UsedSignature{
		Signature: v.sent, KeyID: v.key.Public, Method: c.Request.Method, Path: path, At: s.clock.Now(),
	})
	if err == nil && !fresh {
		err = pirogue.Errorf(pirogue.SignatureReplayed, "signature is bound to another route")
	}
	return err
}

// checkSuspension refuses a suspended merchant.
func (s *Server) checkSuspension(_ *gin.Context, v *requestContext) error {
	if v.merchant.Suspended {
		return &pirogue.Error{Code: pirogue.MerchantSuspended, Err: errors.New("merchant is suspended")}
	}
	return nil
}

// checkRate counts the request against its merchant's rate, and refuses it with RateLimited above
// the rate.
func (s *Server) checkRate(_ *gin.Context, v *requestContext) error {
	wait, err := s.store.Access.Take(v.ctx, v.owner(), s.clock.Now())
	if err == nil && wait > 0 {
		err = &problem{error: pirogue.Errorf(pirogue.RateLimited, "merchant's rate"), wait: wait}
	}
	return err
}
