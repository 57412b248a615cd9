package sonatel_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"pirogue/config"
)

// The paths that every instance may ask before its call.
const (
	tokenPath = "/oauth/v1/token"
	keyPath   = "/api/account/v1/publicKeys"
)

// orange is a server with keys of its own, which takes down what it reads.
type orange struct {
	*httptest.Server
	t *testing.T

	mu      sync.Mutex
	keys    []*rsa.PrivateKey // the last one is published, the others are revoked
	answers map[string][]answer
	read    []letter
}

// answer is one answer; the last of a path's is repeated.
type answer struct {
	status int
	body   string
	hold   <-chan struct{} // when set, the answer waits for it
}

// letter is one request as it left, with the PINs taken out of their seals.
type letter struct {
	Method, Path, Body string
	Header             http.Header
	PINs               []string // in the order of the body; "?" for one no key of ours opens
}

// newOrange opens a server that answers by path, in the given order.
func newOrange(t *testing.T, answers map[string][]answer) *orange {
	t.Helper()
	o := &orange{t: t, answers: answers}
	o.rotate()
	o.Server = httptest.NewServer(o)
	t.Cleanup(o.Close)
	return o
}

// allKeys makes the keys that servers publish one after the other.
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
	o.mu.Lock()
	defer o.mu.Unlock()
	o.keys = all[:len(o.keys)+1]
}

// at returns a configuration of Senegal that reaches the server.
func (o *orange) at(pairs ...string) config.Operator {
	conf := with(senegal, pairs...)
	conf.BaseURL = o.URL
	return conf
}

func (o *orange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		o.t.Error(err)
	}
	next := o.take(letter{r.Method, r.URL.RequestURI(), string(body), r.Header, o.unseal(body)}, r.URL.Path)
	if next.hold != nil {
		<-next.hold
	}
	w.WriteHeader(next.status)
	w.Write([]byte(next.body))
}

// take takes a request down and returns its answer.
func (o *orange) take(l letter, path string) answer {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.read = append(o.read, l)
	queue, scripted := o.answers[path]
	switch {
	case !scripted && strings.HasSuffix(path, "/token"):
		return answer{200, `{"access_token":"at-1","expires_in":299}`, nil}
	case !scripted && path == keyPath:
		return answer{200, o.published(), nil}
	case !scripted:
		return answer{404, `{"code":"60"}`, nil}
	}
	if len(queue) > 1 {
		o.answers[path] = queue[1:]
	}
	return queue[0]
}

// published is the answer with the latest key.
func (o *orange) published() string {
	der, err := x509.MarshalPKIXPublicKey(o.keys[len(o.keys)-1].Public())
	if err != nil {
		o.t.Error(err)
	}
	key := base64.StdEncoding.EncodeToString(der)
	return fmt.Sprintf(`{"keyId":"k%d","keyType":"RSA","keySize":2048,"key":%q}`, len(o.keys), key)
}

// seals finds what is encrypted in a body.
var seals = regexp.MustCompile(`"encrypted(?:New)?PinCode":"([^"]*)"`)

// unseal returns the PINs of a body.
func (o *orange) unseal(body []byte) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var pins []string
	for _, found := range seals.FindAllSubmatch(body, -1) {
		sealed, err := base64.StdEncoding.DecodeString(string(found[1]))
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

// letters returns what was read on a path so far.
func (o *orange) letters(path string) []letter {
	o.mu.Lock()
	defer o.mu.Unlock()
	var found []letter
	for _, l := range o.read {
		if l.Path == path || strings.HasPrefix(l.Path, path+"?") {
			found = append(found, l)
		}
	}
	return found
}

// says returns an answer with a body.
func says(status int, body string) answer { return answer{status, body, nil} }

// problem returns an error of Orange's with a code.
func problem(status int, code string) answer {
	body, err := json.Marshal(map[string]string{"type": "bad-request", "status": fmt.Sprint(status), "code": code, "detail": "non"})
	if err != nil {
		panic(err)
	}
	return says(status, string(body))
}

// done returns a good answer to the disbursement.
func done() answer {
	return says(200, `{"transactionId":"`+ciID+`","status":"SUCCESS","reference":"`+outRef+`"}`)
}
