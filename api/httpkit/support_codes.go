package httpkit

import (
	"net/http"

	"pirogue"
	"pirogue/operator"
	"pirogue/support"
)

// The codes that only support receives. All others are the merchant API's.
const (
	TokenInvalid pirogue.Code = "TOKEN_INVALID"
	Retry        pirogue.Code = "RETRY"
)

// supportCodes is the error table of these codes. operator.Refused is in it too: here it means that
// an action would not be safe.
var supportCodes = []CodeInfo{
	{TokenInvalid, http.StatusUnauthorized, pirogue.LocalizedText{
		EN: "No token, or one that is not in force: send Authorization: Bearer and the token.",
	}},
	{support.RoleRequired, http.StatusForbidden, pirogue.LocalizedText{EN: "The token's role may not do this."}},
	{Retry, http.StatusServiceUnavailable, pirogue.LocalizedText{
		EN: "Too much at once; nothing was done. Try again in a few seconds.",
	}},
	{Code: operator.Refused, HTTP: http.StatusConflict},
}

// SupportInfoOf returns the row for c in the tables of support's API: its own codes, then the
// merchant API's.
func SupportInfoOf(c pirogue.Code) CodeInfo {
	for _, row := range supportCodes {
		if row.Code == c {
			return row
		}
	}
	return InfoOf(c)
}
