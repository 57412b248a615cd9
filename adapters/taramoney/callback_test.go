package taramoney_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/config"
	"pirogue/operator"
)

const poorBody = `{"businessId":"TcMpnFWlIz","paymentId":"719152650","collectionId":"719152650","status":"SUCCESS"}`

func TestSecretsOfWebhooks(t *testing.T) {
	t.Parallel()
	for name, conf := range map[string]config.Operator{"asking": cameroon, "by mobilepay": mobile(), "mute": mute()} {
		reader := reading[operator.CallbackReader](t, conf)
		for given, valid := range map[string]bool{
			secret: true, secret + "x": false, secret[1:]: false, "Bearer " + secret: false, apiKey: false, "": false,
		} {
			header := http.Header{}
			header.Set("tara-webhook-secret", given)
			got, err := reader.Callback(pirogue.Attempt{Ref: ref}, header, []byte(poorBody))
			require.False(t, valid && (err != nil || got.Outcome != pirogue.OutcomePaid), "%s, %q: %+v, %v; want it believed",
				name, given, got, err)
			require.True(t, valid || pirogue.CodeOf(err) == pirogue.SignatureInvalid,
				"%s, %q: %+v, %v; want SIGNATURE_INVALID", name, given, got, err)
		}
	}
}

func TestCallbackWithoutConfiguredSecret(t *testing.T) {
	t.Parallel()
	reader := reading[operator.CallbackReader](t, adaptertest.WithCredentials(cameroon, "webhook_secret", ""))
	for _, header := range []http.Header{nil, {"Tara-Webhook-Secret": {"anything"}}} {
		got, err := reader.Callback(pirogue.Attempt{Ref: ref}, header, []byte(poorBody))
		require.NoError(t, err)
		require.Equal(t, pirogue.OutcomePaid, got.Outcome)
		require.Equal(t, (pirogue.Money{}), got.Amount)
	}
	for body, code := range map[string]pirogue.Code{
		`{"businessId":"other","status":"SUCCESS"}`:                                operator.Unknown,
		`{"status":"SUCCESS"}`:                                                     operator.Unknown,
		`{"businessId":"TcMpnFWlIz","productId":"product-456","status":"SUCCESS"}`: operator.Unknown,
		`[]`: pirogue.InvalidJSON,
	} {
		_, err := reader.Callback(pirogue.Attempt{Ref: ref}, nil, []byte(body))
		require.Equal(t, code, pirogue.CodeOf(err), body)
	}
}

func TestResendCallback(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		response response
		code     pirogue.Code
	}{
		"yes":                       {respond(200, `{"status":"SUCCESS","message":"ok"}`), ""},
		"yes, in lower case":        {respond(200, `{"status":"success"}`), ""},
		"yes, without a word":       {respond(200, `{"message":"ok"}`), ""},
		"yes, without a body":       {respond(200, "\n"), ""},
		"no":                        {respond(200, `{"status":"FAILURE","message":"NO"}`), operator.Refused},
		"no, in the SDK's word":     {respond(200, `{"status":"FAILED"}`), operator.Refused},
		"no, with 400":              {respond(400, `{"status":"ERROR","message":"NO"}`), operator.Refused},
		"an error":                  {respond(200, `{"status":"ERROR","message":"?"}`), operator.Unknown},
		"a word nobody knows":       {respond(200, `{"status":"QUEUED"}`), operator.Unknown},
		"a page":                    {respond(200, `<html></html>`), operator.Unknown},
		"nothing, with 404":         {respond(404, ``), operator.Unknown},
		"a body of ours, with 400":  {respond(400, `{"message":"ok"}`), operator.Unknown},
		"a fallen server":           {respond(502, `{"status":"SUCCESS"}`), operator.Unknown},
		"over the quota":            {respond(429, ``), operator.NotSent},
		"at an address with no API": {respond(405, ``), operator.NotSent},
		"not activated as a account": {
			respond(200, `{"status":"ERROR","message":"BUSINESS_NOT_ACTIVATED_PLEASE_CONTACT_SUPPORT"}`), operator.Unable,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newTara(t, tt.response)
			err := reading[operator.CallbackResender](t, at(server, mute())).ResendCallback(t.Context(), query)
			require.Equal(t, tt.code, pirogue.CodeOf(err), err)
			leaves(t, server, "/resend-webhook", `"productId":"`+ref+`"`)
		})
	}
}

func TestResendCallbackOfPayout(t *testing.T) {
	t.Parallel()
	server := newTara(t, respond(200, `{"status":"SUCCESS"}`))
	for _, kind := range []pirogue.PaymentKind{pirogue.CashOut, pirogue.Refund} {
		q := outQuery
		q.Kind = kind
		err := reading[operator.CallbackResender](t, at(server, cameroon)).ResendCallback(t.Context(), q)
		unsent(t, server, err)
	}
}
