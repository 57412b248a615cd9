package sonatel

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// keyPath is the path where Orange publishes the key that seals PINs.
const keyPath = "/api/account/v1/publicKeys"

// keyResponse is the body of its response. Key is the base64 of an X.509
// SubjectPublicKeyInfo, without the armour of PEM.
type keyResponse struct {
	KeyID   client.Text `json:"keyId"`
	KeyType string      `json:"keyType"` // "RSA"
	Key     string      `json:"key"`
}

// publicKey is a key as Orange published it. Its text identifies it.
type publicKey struct {
	text string
	rsa  *rsa.PublicKey
}

// readKey reads the response of keyPath.
func readKey(body []byte) (publicKey, error) {
	var got keyResponse
	if err := json.Unmarshal(body, &got); err != nil {
		return publicKey{}, pirogue.Errorf(operator.Unknown, "public key: not the JSON of the specification: %w", err)
	}
	der, err := base64.StdEncoding.DecodeString(got.Key)
	if err != nil {
		return publicKey{}, pirogue.Errorf(operator.Unknown, "public key: %w", err)
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return publicKey{}, pirogue.Errorf(operator.Unknown, "public key: %w", err)
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return publicKey{}, pirogue.Errorf(operator.Unknown, "public key: %T where RSA was promised", parsed)
	}
	return publicKey{text: got.Key, rsa: key}, nil
}

// encryptPIN encrypts a PIN by RSA with the padding of PKCS #1 v1.5. Java calls that RSA, and
// Sonatel's starter uses it. The padding is random, so equal PINs have different seals. An
// idempotency key must therefore not depend on a seal.
func (k publicKey) encryptPIN(pin string) (string, error) {
	//nolint:staticcheck // dangerous, but the only padding Orange reads
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, k.rsa, []byte(pin))
	if err != nil {
		return "", pirogue.Errorf(operator.NotSent, "the PIN cannot be sealed with Orange's key")
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// fetchKey requests the key.
func (r *retailer) fetchKey(ctx context.Context) (publicKey, error) {
	resp, err := r.Query(ctx, r.get(keyPath, nil))
	if err != nil {
		return publicKey{}, err
	}
	return readKey(resp.Body)
}

// keyRing keeps Orange's key until Orange rejects it.
type keyRing struct {
	fetch func(context.Context) (publicKey, error)
	lock  chan struct{} // held while the key is read or fetched, so that one fetch serves all waiting calls
	key   publicKey
}

// newKeyRing returns a ring without a key. The first call that needs one fetches it.
func newKeyRing(fetch func(context.Context) (publicKey, error)) *keyRing {
	return &keyRing{fetch: fetch, lock: make(chan struct{}, 1)}
}

// get returns a key. It fetches a fresh one if the kept key is the rejected one. Every
// error is NotSent: the request that needs the key has not left.
func (r *keyRing) get(ctx context.Context, rejected string) (publicKey, error) {
	select {
	case r.lock <- struct{}{}:
		defer func() { <-r.lock }()
	case <-ctx.Done():
		return publicKey{}, pirogue.Errorf(operator.NotSent, "given up waiting for Orange's key: %w", ctx.Err())
	}
	if r.key.text != "" && r.key.text != rejected {
		return r.key, nil
	}
	fetched, err := r.fetch(ctx)
	if err != nil {
		return publicKey{}, pirogue.Errorf(operator.NotSent, "no key to seal the PIN with: %w", err)
	}
	r.key = fetched
	return fetched, nil
}

// pinRequest writes a request that carries the PIN, sealed with key.
type pinRequest func(key publicKey, pin string) (client.Request, error)

// sendSealed sends a request with the PIN. If Orange cannot read the PIN, it rejects the
// request unexecuted. sendSealed then fetches one fresh key and sends once more.
func (r *retailer) sendSealed(ctx context.Context, pin string, write pinRequest) (client.Response, error) {
	key, err := r.keys.get(ctx, "")
	if err != nil {
		return client.Response{}, err
	}
	resp, err := r.sendSealedWith(ctx, key, pin, write)
	if err != nil || !isPINUnreadable(resp) {
		return resp, err
	}
	if key, err = r.keys.get(ctx, key.text); err != nil {
		return client.Response{}, err
	}
	return r.sendSealedWith(ctx, key, pin, write)
}

// sendSealedOnce sends a request with the PIN. It does not send again if Orange cannot read the
// PIN.
func (r *retailer) sendSealedOnce(ctx context.Context, pin string, write pinRequest) (client.Response, error) {
	key, err := r.keys.get(ctx, "")
	if err != nil {
		return client.Response{}, err
	}
	return r.sendSealedWith(ctx, key, pin, write)
}

// sendSealedWith sends a request with the PIN, sealed with one key.
func (r *retailer) sendSealedWith(
	ctx context.Context, key publicKey, pin string, write pinRequest,
) (client.Response, error) {
	req, err := write(key, pin)
	if err != nil {
		return client.Response{}, err
	}
	return r.Do(ctx, req)
}

// isPINUnreadable reports whether Orange could not read the PIN. A failure of Orange's server
// proves nothing, whatever its code.
func isPINUnreadable(r client.Response) bool {
	clientError := r.Status >= http.StatusBadRequest && r.Status < http.StatusInternalServerError
	return clientError && readErrorBody(r.Body).Code == codeBadKey
}
