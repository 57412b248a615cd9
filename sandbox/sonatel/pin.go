package sonatel

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"regexp"
	"strconv"

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

// servedKey returns the index of the key that is served: 0, or 1 after a rotation.
func (s *Simulator) servedKey() int {
	if s.board.quirksNow().KeyRotation {
		return 1
	}
	return 0
}

// publicKey serves the key with which PINs must be encrypted.
func (s *Simulator) publicKey(w http.ResponseWriter, _ *http.Request) error {
	served := s.servedKey()
	key, err := s.book.key(served)
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
func (s *Simulator) decrypt(encrypted string) (string, error) {
	if encrypted == "" {
		return "", violating([]violation{{"encryptedPinCode", "must not be empty"}})
	}
	sealed, err := base64.StdEncoding.DecodeString(encrypted)
	if err != nil {
		return "", badPublicKey
	}
	key, err := s.book.key(s.servedKey())
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
func (s *Simulator) checkRetailer(p party) error {
	if p.IDType != idMSISDN || !engine.Same(p.ID, s.options.Credentials.RetailerMSISDN) {
		return merchantRefused.because("The partner is not a retailer of this account.")
	}
	digits, err := s.decrypt(p.EncryptedPINCode)
	if err != nil {
		return err
	}
	return s.book.tryPIN(digits)
}

// checkCustomer checks a customer's PIN. It counts no wrong PINs: a typing mistake must not
// block a sandbox number.
func (s *Simulator) checkCustomer(p party) error {
	digits, err := s.decrypt(p.EncryptedPINCode)
	switch {
	case err != nil:
		return err
	case p.IDType != idMSISDN || !localNumber.MatchString(p.ID):
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

// changePIN gives the retailer another PIN. No document shows the form of the response.
func (s *Simulator) changePIN(w http.ResponseWriter, r *http.Request) error {
	var asked pinChange
	if err := readBody(w, r, &asked); err != nil {
		return err
	}
	if r.FormValue("type") != "retailer" {
		return invalidInput.because("Only the PIN of type=retailer can be changed here.")
	}
	wanted, err := s.decrypt(asked.EncryptedNew)
	if err != nil {
		return err
	}
	err = s.checkRetailer(party{IDType: idMSISDN, ID: r.FormValue("msisdn"), EncryptedPINCode: asked.Encrypted})
	if err != nil {
		return err
	}
	if err := s.book.changePIN(wanted); err != nil {
		return err
	}
	engine.WriteJSON(w, http.StatusOK, map[string]string{"description": "Le code PIN a été modifié."})
	return nil
}
