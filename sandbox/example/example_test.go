package example_test

import (
	"net/http"
	"testing"

	"pirogue/sandbox/engine"
	"pirogue/sandbox/enginetest"
	"pirogue/sandbox/example"
)

func TestCalls(t *testing.T) {
	t.Parallel()
	w := enginetest.NewWorld[*example.Simulator](t)
	w.Start(example.New(engine.Config{Options: w.Options()}))
	paid := `200 {"id":"P-A","reference":"A","msisdn":"+22670123456","amount":5000,"currency":"XOF","status":"paid"}`
	w.ExpectReplies(http.Header{"X-Api-Key": {example.APIKey}}, [][2]string{
		{`POST /collections {"reference":"A","amount":5000,"currency":"XOF","msisdn":"70123456"}`, paid},
		{`POST /collections {"reference":"A","amount":5000,"currency":"XOF","msisdn":"70123456"}`, paid},
		{`GET /payments/A`, paid},
		{`GET /payments/B`, `404 {"error":"unknown_reference"}`},
		{
			`POST /payouts {"reference":"C","amount":5000,"currency":"XOF","msisdn":"70111111"}`,
			`422 {"error":"limit_reached"}`,
		},
	})
	w.ExpectReplies(nil, [][2]string{{`GET /payments/A`, `401 {"error":"unauthorized"}`}})
}
