package example_test

import (
	"net/http"
	"testing"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/adapters/example"
	"pirogue/config"
	"pirogue/operator"
	"pirogue/sandbox"
	"pirogue/sandbox/engine"
	simulator "pirogue/sandbox/example"
)

var conf = config.Operator{
	Code: "example-bf", Adapter: "example", Mode: pirogue.Test, Country: "BF", Currency: pirogue.XOF, Simulator: true,
	Credentials: map[string]string{"api_key": simulator.APIKey, "callback_secret": simulator.Secret},
}

func TestResponses(t *testing.T) {
	t.Parallel()
	const paid = `{"id":"P1","reference":"R1","amount":5000,"currency":"XOF","status":"*"}`
	amount := pirogue.Money{Minor: 5000, Currency: pirogue.XOF}
	adaptertest.Suite{
		New: example.New, Conf: conf, Header: http.Header{"X-Callback-Secret": {simulator.Secret}}, Forged: "{}",
		Collection:   operator.CollectRequest{Ref: "R1", Amount: amount, MSISDN: "+22670123456"},
		Disbursement: operator.DisburseRequest{Ref: "R1", Amount: amount, MSISDN: "+22670123456"},
	}.Run(t, adaptertest.StatusWords(map[string]pirogue.Outcome{
		"pending": pirogue.OutcomePending, "paid": pirogue.OutcomePaid, "declined": pirogue.OutcomeDeclined,
	}, adaptertest.PaidCase(adaptertest.Status, paid, "P1", amount, "")))
}

func TestAgainstSimulator(t *testing.T) {
	t.Parallel()
	adaptertest.VerifyAgainstSimulator(t, adaptertest.Setup{
		New: example.New, Conf: conf, MSISDN: "+22670000001",
		Simulator: func(o engine.Config) (sandbox.Simulator, error) { return simulator.New(o) },
	})
}
