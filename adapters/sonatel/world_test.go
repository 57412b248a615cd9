package sonatel_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"sync"
	"testing"

	"pirogue/adapters/adaptertest"
	"pirogue/config"
)

// The paths that every instance may call before the call itself.
const (
	tokenPath = "/oauth/v1/token"
	keyPath   = "/api/account/v1/publicKeys"
)

// orange is a server with keys of its own.
type orange struct {
	*adaptertest.Server
	t    *testing.T
	keys []*rsa.PrivateKey // the last one is published, the others are revoked
}

type response = adaptertest.Response

var respond = adaptertest.Respond

// request is one recorded request with its PINs decrypted.
type request struct {
	adaptertest.RecordedRequest

	PINs []string // in the order of the body; "?" for one that none of our keys opens
}

// newOrange starts a server that answers by path, in the given order.
func newOrange(t *testing.T, responses map[string][]response) *orange {
	t.Helper()
	token := respond(200, `{"access_token":"at-1","expires_in":299}`)
	o := &orange{t: t, Server: adaptertest.NewServer(t, responses, map[string]response{
		"": respond(404, `{"code":"60"}`), tokenPath: token, "/oauth/token": token,
	})}
	if _, scripted := responses[keyPath]; !scripted {
		o.rotate()
	}
	return o
}

// allKeys returns the keys that servers publish one after the other.
var allKeys = sync.OnceValues(func() ([]*rsa.PrivateKey, error) {
	var keys []*rsa.PrivateKey
	for range 3 {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
})

// rotate revokes the key and publishes the next.
func (o *orange) rotate() {
	all, err := allKeys()
	if err != nil {
		o.t.Fatal(err)
	}
	o.keys = all[:len(o.keys)+1]
	o.SetResponse(keyPath, respond(200, o.published()))
}

// at returns a configuration of Senegal that reaches the server.
func (o *orange) at(pairs ...string) config.Operator {
	conf := adaptertest.WithCredentials(senegal, pairs...)
	conf.BaseURL = o.URL
	return conf
}

// published returns the response with the latest key.
func (o *orange) published() string {
	der, err := x509.MarshalPKIXPublicKey(o.keys[len(o.keys)-1].Public())
	if err != nil {
		o.t.Error(err)
	}
	key := base64.StdEncoding.EncodeToString(der)
	return fmt.Sprintf(`{"keyId":"k%d","keyType":"RSA","keySize":2048,"key":%q}`, len(o.keys), key)
}

// seals matches the encrypted values in a body.
var seals = regexp.MustCompile(`"encrypted(?:New)?PinCode":"([^"]*)"`)

// unseal returns the PINs of a body.
func (o *orange) unseal(body string) []string {
	var pins []string
	for _, found := range seals.FindAllStringSubmatch(body, -1) {
		sealed, err := base64.StdEncoding.DecodeString(found[1])
		if err != nil {
			o.t.Error(err)
		}
		pin := "?"
		for _, key := range o.keys {
			if open, err := rsa.DecryptPKCS1v15(nil, key, sealed); err == nil { //nolint:staticcheck // as Orange does
				pin = string(open)
			}
		}
		pins = append(pins, pin)
	}
	return pins
}

// requests returns the requests on a path so far.
func (o *orange) requests(path string) []request {
	var found []request
	for _, l := range o.RequestsTo(path) {
		found = append(found, request{l, o.unseal(l.Body)})
	}
	return found
}

// problem returns an error of Orange with a code.
func problem(status int, code string) response {
	body, err := json.Marshal(
		map[string]string{"type": "bad-request", "status": fmt.Sprint(status), "code": code, "detail": "non"},
	)
	if err != nil {
		panic(err)
	}
	return respond(status, string(body))
}

// done returns a good answer to the disbursement.
func done() response {
	return respond(200, `{"transactionId":"`+ciID+`","status":"SUCCESS","reference":"`+outRef+`"}`)
}
