package example

import (
	"net/http"
	"time"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// spec holds the facts of the operator's guide. A word that is not listed is Unknown.
var spec = client.Spec{
	Name: "Example",
	Capability: operator.Capability{
		Reference: operator.IdempotentByReference, OnLostResponse: operator.ResendSameReference, Window: 10 * time.Minute,
	},
	Limits: client.SubmissionLimits{
		Name: "Example", Country: "BF", Currency: pirogue.XOF, Reference: 32, Digits: 8,
		CashIn: operator.Limits{Min: 100, Max: 1_000_000}, CashOut: operator.Limits{Min: 100, Max: 1_000_000},
	},
	Credentials:    client.Credentials{"api_key": client.HeaderSecret, "callback_secret": client.HeaderSecret},
	CallbackSecret: client.CallbackSecret{Header: "X-Callback-Secret", Credential: "callback_secret"},
	StatusTable: client.StatusTable{
		"pending": pirogue.OutcomePending, "paid": pirogue.OutcomePaid,
		"declined": pirogue.OutcomeDeclined, "expired": pirogue.OutcomeExpired,
	},
	StatusCodes: map[int]pirogue.Code{http.StatusUnauthorized: operator.NotSent},
	ErrorTable: map[string]pirogue.Code{
		"invalid_request": operator.Refused, "limit_reached": operator.Refused, "float_empty": operator.Unable,
	},
	NotFoundErrors: map[string]bool{"unknown_reference": true},
	ReadError:      client.JSONErrors(func(_ int, e errorBody) (word, text string) { return e.Error, e.Error }),
}
