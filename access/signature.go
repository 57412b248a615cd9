package access

import (
	"time"
)

// UsedSignature records the use of a signature. A signature used on one method and path is good for that
// one only.
type UsedSignature struct {
	Signature [32]byte // decoded, so that upper and lower case of its hex text are one signature
	KeyID     string
	Method    string
	Path      string
	At        time.Time
}

// SignatureLife bounds how long a used signature is remembered. Its timestamp may lie 300 s ahead
// and 300 s behind; 60 s more allow for slow clocks.
const SignatureLife = 600*time.Second + 60*time.Second
