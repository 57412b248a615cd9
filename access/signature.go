package access

import (
	"errors"
	"time"
)

// ErrKeyChanged says that a key is not what a process believed: it was revoked, it has other secrets, or its
// merchant was suspended.
var ErrKeyChanged = errors.New("the key was changed since it was read")

// UsedSignature records the use of a signature. A signature used on one method and path is good for that
// one only.
type UsedSignature struct {
	Signature [32]byte // decoded, so that upper and lower case of its hex text are one signature
	KeyID     string
	// KeyVersion is the Version of the key that verified the signature; "" is not compared.
	KeyVersion string
	Method     string
	Path       string
	At         time.Time
}

// SignatureLife bounds how long a used signature is remembered. Its timestamp may lie 300 s ahead
// and 300 s behind; 60 s more allow for slow clocks.
const SignatureLife = 600*time.Second + 60*time.Second
