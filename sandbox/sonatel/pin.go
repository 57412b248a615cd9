package sonatel

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"sync"

	"pirogue/sandbox/engine"
)

const (
	keyBits      = 2048 // so that an encrypted PIN has 344 characters in base64
	maxWrongPINs = 3    // in a row; the third blocks the account
)

// fourDigits matches a valid PIN.
var fourDigits = regexp.MustCompile(`^[0-9]{4}$`)

// keyReply is the response to publicKeys: one object, in spite of the plural. Key is the
// base64 of a SubjectPublicKeyInfo, without PEM armour.
type keyReply struct {
	KeyID   string `json:"keyId"`
	KeyType string `json:"keyType"`
	KeySize int    `json:"keySize"`
	Key     string `json:"key"`
}

// pins stores the retailer's PIN and the keys with which PINs are encrypted.
type pins struct {
	retailer string // the retailer's number
	rotated  func() bool
	record   func(entry) error

	mu   sync.Mutex
	pin  pinState
	keys [2]*rsa.PrivateKey
}

// pinState is the retailer's PIN and the number of wrong ones entered in a row.
type pinState struct {
	PIN   string `json:"pin"`
	Wrong int    `json:"wrong"`
}

// keyLine is one of the two keys in PKCS #1 form.
type keyLine struct {
	Number int    `json:"number"`
	Key    []byte `json:"key"`
}

// servedKey returns the number of the key that is served: 0, or 1 after a rotation.
func (p *pins) servedKey() int {
	if p.rotated() {
		return 1
	}
	return 0
}

// key returns one of the two keys, 0 or 1. It makes a key at first use, because that takes
// a tenth of a second. It stores the key: a restart revokes none.
func (p *pins) key(number int) (*rsa.PrivateKey, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.keys[number] != nil {
		return p.keys[number], nil
	}
	made, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	line := keyLine{Number: number, Key: x509.MarshalPKCS1PrivateKey(made)}
	if err := p.record(entry{Key: &line}); err != nil {
		return nil, err
	}
	p.keys[number] = made
	return made, nil
}

// restoreKey restores a key from the journal. It returns an error for a line that no
// simulator wrote.
func (p *pins) restoreKey(line keyLine) error {
	if line.Number < 0 || line.Number >= len(p.keys) {
		return fmt.Errorf("there is no key %d", line.Number)
	}
	stored, err := x509.ParsePKCS1PrivateKey(line.Key)
	if err != nil {
		return fmt.Errorf("read key %d: %w", line.Number, err)
	}
	p.keys[line.Number] = stored
	return nil
}

// servePublicKey serves the key with which PINs must be encrypted.
func (p *pins) servePublicKey(w http.ResponseWriter, _ *http.Request) error {
	served := p.servedKey()
	key, err := p.key(served)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	engine.WriteJSON(w, http.StatusOK, keyReply{
		KeyID: "sandbox-key-" + strconv.Itoa(served+1), KeyType: "RSA", KeySize: keyBits,
		Key: base64.StdEncoding.EncodeToString(public),
	})
	return nil
}

// decrypt returns the four digits of an encrypted PIN. It blames the key for any text that
// the served key does not decrypt.
func (p *pins) decrypt(encrypted string) (string, error) {
	if encrypted == "" {
		return "", invalid([]violation{{"encryptedPinCode", "must not be empty"}})
	}
	sealed, err := base64.StdEncoding.DecodeString(encrypted)
	if err != nil {
		return "", badPublicKey
	}
	key, err := p.key(p.servedKey())
	if err != nil {
		return "", err
	}
	//nolint:staticcheck // PKCS #1 v1.5 is what Sonatel's own starter encrypts with
	digits, err := rsa.DecryptPKCS1v15(rand.Reader, key, sealed)
	if err != nil || !fourDigits.Match(digits) {
		return "", badPublicKey
	}
	return string(digits), nil
}

// checkRetailer checks the retailer's number and PIN. It counts wrong PINs, and the third
// in a row blocks the account for good.
func (p *pins) checkRetailer(who party) error {
	if who.IDType != idMSISDN || !engine.SameSecret(who.ID, p.retailer) {
		return merchantRefused.withDetail("The partner is not a retailer of this account.")
	}
	digits, err := p.decrypt(who.EncryptedPINCode)
	if err != nil {
		return err
	}
	return p.checkPIN(digits)
}

// checkPIN compares the retailer's PIN and counts wrong ones. The count is in the journal: as
// with the real account, a restart grants no further tries.
func (p *pins) checkPIN(digits string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	after := p.pin
	switch {
	case p.pin.Wrong >= maxWrongPINs:
		return pinBlocked
	case !engine.SameSecret(digits, p.pin.PIN):
		after.Wrong++
	case p.pin.Wrong == 0:
		return nil
	default:
		after.Wrong = 0
	}
	if err := p.set(after); err != nil || after.Wrong == 0 {
		return err
	}
	return []problem{wrongPIN2Left, wrongPIN1Left, pinBlocked}[after.Wrong-1]
}

// set journals the PIN, then stores it. The caller holds the lock.
func (p *pins) set(wanted pinState) error {
	if err := p.record(entry{PIN: &wanted}); err != nil {
		return err
	}
	p.pin = wanted
	return nil
}

// wrong returns the number of wrong PINs entered in a row.
func (p *pins) wrong() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pin.Wrong
}

// setWrong replaces the number of wrong PINs.
func (p *pins) setWrong(wanted int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if wanted == p.pin.Wrong {
		return nil
	}
	return p.set(pinState{PIN: p.pin.PIN, Wrong: wanted})
}

// checkCustomer checks a customer's PIN. It counts no wrong PINs: a typing mistake must not
// block a sandbox number.
func (p *pins) checkCustomer(who party) error {
	digits, err := p.decrypt(who.EncryptedPINCode)
	switch {
	case err != nil:
		return err
	case who.IDType != idMSISDN || !localNumber.MatchString(who.ID):
		return badMSISDN
	case digits != CustomerPIN:
		return wrongPIN2Left
	}
	return nil
}

// pinChange is the body of a PIN change.
type pinChange struct {
	Encrypted    string `json:"encryptedPinCode"`
	EncryptedNew string `json:"encryptedNewPinCode"`
}

// change gives the retailer another PIN. No document shows the form of the response.
func (p *pins) change(w http.ResponseWriter, r *http.Request) error {
	var asked pinChange
	if err := readBody(w, r, &asked); err != nil {
		return err
	}
	if r.FormValue("type") != "retailer" {
		return invalidInput.withDetail("Only the PIN of type=retailer can be changed here.")
	}
	wanted, err := p.decrypt(asked.EncryptedNew)
	if err != nil {
		return err
	}
	err = p.checkRetailer(party{IDType: idMSISDN, ID: r.FormValue("msisdn"), EncryptedPINCode: asked.Encrypted})
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.set(pinState{PIN: wanted}); err != nil {
		return err
	}
	engine.WriteJSON(w, http.StatusOK, map[string]string{"description": "Le code PIN a été modifié."})
	return nil
}
