// Package orangeweb calls Orange Web Payment, also called M Payment, the group's cash-in
// API at api.orange.com.
//
// Orange opens a payment session and returns the address of its own page. There the
// customer types a number and a one-time password obtained by USSD. Nobody can pay a
// session whose page was never shown. So after a lost response another session is opened,
// under another reference.
//
// A session can be paid for ten minutes, longer than our usual window. An abandoned one
// stays INITIATED for ever. Its status is readable only with the pay_token of the response
// that opened it. The API has no refund, no cancellation, no payout and no balance.
//
// Wire facts come from Orange's Web Payment guide unless a comment names another source.
package orangeweb

import (
	"context"
	"net/http"
	"time"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/config"
	"pirogue/operator"
)

// sessionLife is the validity of a session's token. A customer's confirmation after it is
// EXPIRED.
const sessionLife = 10 * time.Minute

// promises is Orange's capability. Our reference alone does not identify a session: without
// the pay_token no status is readable.
var promises = operator.Capability{
	Reference:      operator.NeitherByReference,
	OnLostResponse: operator.ResendNewReference,
	Window:         sessionLife,
	Proof:          operator.ProofToken,
}

// adapter calls Orange Web Payment in one country.
type adapter struct {
	outbound.Connection

	conf  config.Operator
	clock pirogue.Clock
}

// New returns the Orange Web Payment operator of one country. It reports every mistake of
// the configuration at once. Credentials are client_id, client_secret and merchant_key.
// Environment is "dev" or the country's segment, such as "ml".
func New(conf config.Operator, clock pirogue.Clock) (operator.Operator, error) {
	line, err := guide.Open(conf, nil, check(conf)...)
	if err != nil {
		return nil, err
	}
	o := &adapter{Connection: line, conf: conf, clock: clock}
	o.Sender, o.Secrets = outbound.NewTokenSource(line.Client, clock, o.fetchToken), o.secrets
	return o, nil
}

// Collect implements pirogue.Collector. It opens a session and returns the page for the
// customer. A collection that Orange can never accept is Unable and not sent. An Unknown
// result keeps the tokens that the response holds.
func (o *adapter) Collect(ctx context.Context, c operator.CollectRequest) (operator.OperatorResult, error) {
	if err := o.acceptable(c); err != nil {
		return operator.OperatorResult{}, err
	}
	req, err := outbound.PostJSON(o.path("webpayment"), o.session(c))
	if err != nil {
		return operator.OperatorResult{}, err
	}
	if o.conf.Simulator {
		req.Header.Set(headerSandboxMSISDN, string(c.MSISDN))
	}
	asked := o.clock.Now()
	answer, err := o.Submit(ctx, req, pirogue.CashIn, string(c.MSISDN))
	if err == nil && answer.Status != http.StatusCreated {
		err = o.ErrorFrom(answer, pirogue.CashIn, string(c.MSISDN))
	}
	return o.ReadResult(answer, err, func(body []byte) (operator.OperatorResult, error) {
		return o.opened(body, asked.Add(sessionLife))
	})
}

// Status implements pirogue.StatusReader. It never returns Refused, because the refusal of
// a status call tells nothing about the money.
func (o *adapter) Status(ctx context.Context, q operator.StatusQuery) (operator.OperatorResult, error) {
	payToken := q.Handle[keyPayToken]
	if payToken == "" {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "Orange cannot be asked without the pay_token")
	}
	question := statusRequest{OrderID: string(q.Ref), Amount: q.Amount.Minor, PayToken: payToken}
	answer, err := o.SubmitJSON(ctx, o.path("transactionstatus"), question, "", payToken)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	if answer.Status != http.StatusOK && answer.Status != http.StatusCreated {
		return operator.OperatorResult{}, o.ErrorFrom(answer, "", payToken)
	}
	return o.became(answer.Body, q.Ref)
}

// Callback implements pirogue.CallbackReader. Its proof is the session's notif_token, which
// only Orange and we know. A callback that arrives before our own call returns has no token
// to compare with. Its result is then pending and holds nothing of its content: enough to
// read the status sooner.
func (o *adapter) Callback(a pirogue.Attempt, _ http.Header, body []byte) (operator.OperatorResult, error) {
	return outbound.JSON(func(got notification) (operator.OperatorResult, error) {
		want := a.Handle[keyNotifToken]
		if want == "" {
			return operator.OperatorResult{Outcome: pirogue.OutcomePending, Message: "unproven: no notif_token to compare with"}, nil
		}
		if !outbound.Same(got.NotifToken, want) {
			return operator.OperatorResult{}, pirogue.Errorf(pirogue.SignatureInvalid, "the notif_token is not the session's")
		}
		return o.told(got.Status, got.TxnID)
	})(body)
}
