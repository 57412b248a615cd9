package apitest

import (
	"net/http"

	"pirogue"
	"pirogue/ids"
	"pirogue/webhook"
)

// The routes that move money away from a merchant, and the route that reads a payment.
const (
	cashOutPath = "/payments/cashout"
	refundPath  = "/refunds"
	exportPath  = "/transactions/export"
	resendPath  = "/webhooks/deliveries/resend"
)

// cashOut returns a body that pays so many francs into the wallet of MSISDN.
func cashOut(amount string) string {
	return `{"merchant_order_id":"{order}","amount":` + amount + `,"beneficiary_msisdn":"` + MSISDN + `"}`
}

// refund returns a body that gives a payment back. more begins with a comma, or is "".
func refund(payment, more string) string {
	return `{"transaction_id":"` + payment + `","merchant_refund_id":"{order}"` + more + `}`
}

// webhookBody is the body of a webhook of ours. It is signed with the merchant's secret, so anyone who
// sees it could send it back to the API.
const webhookBody = `{"event":"transaction.status_changed","transaction_id":"019dd95b-c6c0-7c41-9b5e-2f6a1c8d4e07",` +
	`"merchant_order_id":"{order}","type":"CASHIN","status":"SUCCESS","amount":500,"currency":"XOF",` +
	`"timestamp":"2026-04-29T14:32:18+00:00"}`

// elsewhere returns requests that are signed for one route and sent to another.
func elsewhere() []Row {
	var rows []Row
	for _, path := range []string{cashOutPath, refundPath, resendPath} {
		row := refused(10, "a captured cash-in sent to "+path, pirogue.SignatureReplayed, validCashIn())
		row.then = path
		rows = append(rows, row)
	}
	for _, path := range []string{refundPath, cashInPath, cashOutPath} {
		rows = append(rows, refused(11, "a webhook of ours sent to "+path, pirogue.UnknownField, post(path, webhookBody)))
	}
	return append(rows,
		refused(10, "a cash-in's body on the cash-outs", pirogue.UnknownField, post(cashOutPath, cashIn())),
		refused(10, "a cash-out's body on the cash-ins", pirogue.UnknownField, post(cashInPath, cashOut("500"))),
	)
}

// moneyOut returns the rows of part D that need no existing payment.
func moneyOut() []Row {
	nobody, invalid := ids.New(), pirogue.InvalidParameter
	event := string(webhook.NewEventID(pirogue.PaymentID(nobody), 1))
	rows := []Row{
		refused(49, "a cash-out of more than there is", pirogue.InsufficientBalance, post(cashOutPath, cashOut("999999"))),
		refused(31, "a cash-out without a number", pirogue.MissingField,
			post(cashOutPath, `{"merchant_order_id":"{order}","amount":500}`)),
		refused(22, "a cash-out with a page to return to", pirogue.UnknownField,
			post(cashOutPath, `{"merchant_order_id":"{order}","return_url":"https://shop.example/"}`)),
		refused(53, "a refund of a payment nobody has", pirogue.TransactionNotFound, post(refundPath, refund(nobody, ""))),
		refused(53, "a refund of what is no id", pirogue.TransactionNotFound, post(refundPath, refund("1", ""))),
		refused(52, "a refund of nothing", pirogue.InvalidAmount, post(refundPath, refund(nobody, `,"amount":0`))),
		refused(52, "a refund of less than nothing", pirogue.InvalidAmount, post(refundPath, refund(nobody, `,"amount":-1`))),
		refused(31, "a refund without a reference", pirogue.MissingField,
			post(refundPath, `{"transaction_id":"`+nobody+`"}`)),
		refused(24, "NUL in a refund's reason", invalid, post(refundPath, refund(nobody, `,"reason":"a\u0000"`))),
		refused(56, "a refund nobody has", pirogue.TransactionNotFound, get(refundPath+"/"+nobody)),
		refused(17, "a resend of a list", pirogue.InvalidJSON, post(resendPath, `["`+nobody+`"]`)),
		refused(31, "a resend of nothing", pirogue.MissingField, post(resendPath, "{}")),
		refused(56, "a resend of an event nobody has", pirogue.NotFound,
			post("/webhooks/deliveries/"+event+"/resend", `{"event_id":"`+event+`"}`)),
		refused(30, "an export by POST", pirogue.MethodNotAllowed, post(exportPath, "{}")),
	}
	for _, text := range []string{"0", "-1", "1.5", "1e3", `"500"`, "null", "1000000000001"} {
		rows = append(rows, refused(31, "a cash-out of "+text, pirogue.InvalidAmount, post(cashOutPath, cashOut(text))))
	}
	return rows
}

// answered returns a row with a correct query.
func answered(number int, name string, send request) Row {
	return Row{Number: number, Name: name, Status: http.StatusOK, send: send}
}

// reports returns the queries of part E.
func reports() []Row {
	var rows []Row
	for _, query := range []string{
		"from=2026-04-30&to=2026-04-01", "from=2016-01-01&to=2026-01-01", "from=2016-01-01", "from=yesterday", "from=",
		"to=2026-02-30", "to=2026-04-29T25:00:00Z", "limit=-1", "limit=0", "limit=1e9", "limit=1000000000", "cursor=x",
		"cursor=", "format=xml", "format=CSV", "locale=de", "status=paid", "type=PAYIN", "country_code=ml", "colour=blue",
		"from=2026-04-01&from=2026-04-02",
	} {
		rows = append(rows, refused(61, "an export of "+query, pirogue.InvalidParameter, get(exportPath+"?"+query)))
	}
	for _, query := range []string{
		"state=LOST", "transaction_id=1", "limit=101", "cursor=x", "created_from=2026-04-29", "colour=blue",
		"created_from=2026-04-30T00:00:00Z&created_to=2026-04-29T00:00:00Z",
	} {
		rows = append(rows, refused(61, "deliveries of "+query, pirogue.InvalidParameter, get("/webhooks/deliveries?"+query)))
	}
	return append(rows,
		answered(61, "an export of a day", get(exportPath+"?from=2026-04-29&to=2026-04-30")),
		answered(61, "one delivery", get("/webhooks/deliveries?limit=1")),
	)
}
