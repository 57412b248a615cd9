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
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// keyPath is the path where Orange publishes the key that seals PINs.
const keyPath = "/api/account/v1/publicKeys"

// keyAnswer is the body of its response. Key is the base64 of an X.509
// SubjectPublicKeyInfo, without the armour of PEM.
type keyAnswer struct {
	KeyID   outbound.Text `json:"keyId"`
	KeyType string        `json:"keyType"` // "RSA"
	Key     string        `json:"key"`
}

// publicKey is a key as Orange published it. Its text identifies it.
type publicKey struct {
	text string
	rsa  *rsa.PublicKey
}

// readKey reads the response of keyPath.
func readKey(body []byte) (publicKey, error) {
	var got keyAnswer
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

// seal encrypts a PIN by RSA with the padding of PKCS #1 v1.5. Java calls that RSA, and
// Sonatel's starter uses it. The padding is random, so equal PINs have different seals. An
// idempotency key must therefore not depend on a seal.
func (k publicKey) seal(pin string) (string, error) {
	//nolint:staticcheck // dangerous, but the only padding Orange reads
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, k.rsa, []byte(pin))
	if err != nil {
		return "", pirogue.Errorf(operator.NotSent, "the PIN cannot be sealed with Orange's key")
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// fetchKey requests the key.
func (o *adapter) fetchKey(ctx context.Context) (publicKey, error) {
	answer, err := o.Ask(ctx, get(keyPath, nil))
	if err != nil {
		return publicKey{}, err
	}
	return readKey(answer.Body)
}

// keyRing keeps Orange's key until Orange rejects it.
type keyRing struct {
	fetch func(context.Context) (publicKey, error)
	turn  chan struct{} // held while the key is read or fetched, so that one fetch serves all waiting calls
	kept  publicKey
}

// newKeyRing returns a ring without a key. The first call that needs one fetches it.
func newKeyRing(fetch func(context.Context) (publicKey, error)) *keyRing {
	return &keyRing{fetch: fetch, turn: make(chan struct{}, 1)}
}

// get returns a key. It fetches a fresh one if the kept key is the rejected one. Every
// error is NotSent: the request that needs the key has not left.
func (r *keyRing) get(ctx context.Context, rejected string) (publicKey, error) {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return publicKey{}, pirogue.Errorf(operator.NotSent, "given up waiting for Orange's key: %w", ctx.Err())
	}
	if r.kept.text != "" && r.kept.text != rejected {
		return r.kept, nil
	}
	fetched, err := r.fetch(ctx)
	if err != nil {
		return publicKey{}, pirogue.Errorf(operator.NotSent, "no key to seal the PIN with: %w", err)
	}
	r.kept = fetched
	return fetched, nil
}

// pinRequest writes a request that carries the PIN, sealed with key.
type pinRequest func(key publicKey, pin string) (outbound.Request, error)

// sealed sends a request with the PIN. If Orange cannot read the PIN, it rejects the
// request unexecuted. sealed then fetches one fresh key and sends once more.
func (o *adapter) sealed(ctx context.Context, pin string, write pinRequest) (outbound.Response, error) {
	key, err := o.keys.get(ctx, "")
	if err != nil {
		return outbound.Response{}, err
	}
	answer, err := o.sealWith(ctx, key, pin, write)
	if err != nil || !unreadable(answer) {
		return answer, err
	}
	if key, err = o.keys.get(ctx, key.text); err != nil {
		return outbound.Response{}, err
	}
	return o.sealWith(ctx, key, pin, write)
}

// sealedOnce sends a request with the PIN. It does not send again if Orange cannot read the
// PIN.
func (o *adapter) sealedOnce(ctx context.Context, pin string, write pinRequest) (outbound.Response, error) {
	key, err := o.keys.get(ctx, "")
	if err != nil {
		return outbound.Response{}, err
	}
	return o.sealWith(ctx, key, pin, write)
}

// sealWith sends a request with the PIN, sealed with one key.
func (o *adapter) sealWith(ctx context.Context, key publicKey, pin string, write pinRequest) (outbound.Response, error) {
	req, err := write(key, pin)
	if err != nil {
		return outbound.Response{}, err
	}
	return o.Send(ctx, req)
}

// unreadable reports whether Orange could not read the PIN. A failure of Orange's server
// proves nothing, whatever its code.
func unreadable(a outbound.Response) bool {
	clientError := a.Status >= http.StatusBadRequest && a.Status < http.StatusInternalServerError
	return clientError && problemOf(a.Body).Code == codeBadKey
}
