package novasend

import (
	"net/http"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// The types of a record.
const (
	typePayin  = "payin"
	typePayout = "payout"
	typeRefund = "refund"
)

// wordProcessed is the only status with two meanings: see record.outcome.
const wordProcessed = "processed"

// sessionWords holds the status words of payins and payouts: the seed's three, and those of
// Novasend's later pages and notifications.
var sessionWords = outbound.StatusTable{
	"processing":  pirogue.OutcomePending,
	"pending":     pirogue.OutcomePending,
	wordProcessed: pirogue.OutcomePending, // confirmed by the customer, not yet paid
	"success":     pirogue.OutcomePaid,
	"successful":  pirogue.OutcomePaid,
	"completed":   pirogue.OutcomePaid,
	"failed":      pirogue.OutcomeDeclined,
	"declined":    pirogue.OutcomeDeclined,
	"cancelled":   pirogue.OutcomeDeclined,
	"expired":     pirogue.OutcomeExpired,
}

// words holds the status words of each type.
var words = map[string]outbound.StatusTable{
	typePayin:  sessionWords,
	typePayout: sessionWords,
	typeRefund: {
		"pending":    pirogue.OutcomePending,
		"processing": pirogue.OutcomePending,
		"completed":  pirogue.OutcomePaid,
		"failed":     pirogue.OutcomeDeclined,
	},
}

// transactionWords holds the words of transaction.status, which is final for every type.
var transactionWords = outbound.StatusTable{
	"pending":   pirogue.OutcomePending,
	"completed": pirogue.OutcomePaid,
	"failed":    pirogue.OutcomeDeclined,
}

// confirmationWords holds the meaning of confirmationStatus for the payment. A customer's
// acceptance moves no money yet.
var confirmationWords = outbound.StatusTable{
	"":         pirogue.OutcomePending, // the record has none
	"none":     pirogue.OutcomePending,
	"pending":  pirogue.OutcomePending,
	"accepted": pirogue.OutcomePending,
	"declined": pirogue.OutcomeDeclined,
	"expired":  pirogue.OutcomeExpired,
}

// absences lists the errors for a reference that Novasend does not know.
var absences = map[string]bool{
	"transaction_does_not_exist": true,
	"payment_not_found":          true,
}

// codes maps Novasend's errors under 4xx to codes. Some pages list an error by its message
// alone, such as "Invalid amount": see codeOf. Unable is for what Novasend does not serve,
// whoever pays or is paid. An error that may concern the customer as well is Refused. See
// leaving.
var codes = map[string]pirogue.Code{
	"invalid_amount": operator.Refused, // above the network's maximum

	"unauthorized":        operator.NotSent, // rejected before the request was read
	"api_token_invalid":   operator.NotSent,
	"api_token_not_found": operator.NotSent,

	"transaction_error": operator.Unknown, // "retry or contact support": it may have been executed

	"transaction_not_refundable":    operator.Refused,
	"refund_not_allowed":            operator.Refused,
	"transaction_not_processed":     operator.Refused,
	"transaction_otp_required":      operator.Refused,
	"transaction_greater_than_zero": operator.Refused,
	"client_kyc_not_approved":       operator.Refused,
	"client_not_enough_cash":        operator.Refused,
	"wallet_not_enough_cash":        operator.Refused,
	"wallet_should_be_different":    operator.Refused,

	"wallet_not_found":           operator.Refused,
	"client_not_found":           operator.Refused,
	"country_not_found":          operator.Unable,
	"provider_not_found":         operator.Unable,
	"transaction_does_not_exist": operator.Refused,
	"payment_not_found":          operator.Refused,

	"transaction_is_already_processed": operator.Unknown, // 409, on one page 404: an earlier call arrived
	"transaction_already_refunded":     operator.Unknown,
	"duplicate_refund":                 operator.Unknown,
}

// leaving overrides codes where money leaves us. A payout or a refund takes our money, so
// an insufficient balance is ours. For a payin it is the payer's.
var leaving = map[string]pirogue.Code{
	"client_not_enough_cash": operator.Unable,
	"wallet_not_enough_cash": operator.Unable,
}

// classes maps the HTTP statuses that decide, whatever the body holds.
var classes = map[int]pirogue.Code{
	http.StatusUnauthorized:    operator.NotSent,
	http.StatusRequestTimeout:  operator.Unknown, // the gateway may have passed it on already
	http.StatusConflict:        operator.Unknown, // this reference or key exists already
	http.StatusTooManyRequests: operator.NotSent, // our reading: a quota rejects calls before they are passed on
}

// guide describes Novasend's pages. Each type of record has status words of its own.
var guide = outbound.Spec{
	Name: "Novasend", Promised: promises, Credentials: credentials, StatusCodes: classes, ErrorTable: codes, CashOutErrorTable: leaving,
	NotFoundErrors: absences, ReadError: said, Private: private,
}

// providers maps networks to their names in the direct API.
var providers = map[pirogue.Network]string{
	pirogue.Orange: "ORANGE",
	pirogue.MTN:    "MOMO",
	pirogue.Moov:   "MOOV",
	pirogue.Wave:   "WAVE",
}

// direct lists the countries of the direct API.
var direct = map[pirogue.CountryCode]bool{"CI": true, "CM": true}

// menus holds the codes that a customer in Côte d'Ivoire dials to confirm if the push does
// not appear.
var menus = map[pirogue.Network]string{pirogue.MTN: "*133#", pirogue.Moov: "*155#"}

// limitsOf returns the limits of one payment in a country, in francs. They are those of the
// introduction page, written for Côte d'Ivoire. In Cameroon they are those that an
// integrator was told.
func limitsOf(country pirogue.CountryCode) map[pirogue.PaymentKind]operator.Limits {
	if country == "CM" {
		both := operator.Limits{Min: 200, Max: 500_000}
		return map[pirogue.PaymentKind]operator.Limits{pirogue.CashIn: both, pirogue.CashOut: both}
	}
	return map[pirogue.PaymentKind]operator.Limits{
		pirogue.CashIn:  {Min: 100, Max: 2_000_000},
		pirogue.CashOut: {Min: 200, Max: 1_500_000},
	}
}
