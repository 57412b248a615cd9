package sonatel_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
)

const (
	registrationPath = "/api/notification/v1/merchantcallback"
	testNumbersPath  = "/api/assignments/v1/partner/sim-cards"
)

// registrar combines the methods that set an instance up.
type registrar interface {
	operator.CallbackRegistrar
	operator.TestNumberIssuer
}

func TestRegisterCallback(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		response response
		code     pirogue.Code
	}{
		"an empty answer": {respond(200, ""), ""},
		"as documented":   {respond(201, `{"code":"123456"}`), ""},
		"a page":          {respond(200, "<html></html>"), operator.Unknown},
		"refused":         {problem(400, "22"), operator.Refused},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, map[string][]response{registrationPath: {tt.response}})
			err := reading[registrar](t, server.at()).RegisterCallback(t.Context(),
				"https://pay.example/callbacks/sonatel-sn")
			want := `{"code":"123456","name":"Boutique Teranga",` +
				`"callbackUrl":"https://pay.example/callbacks/sonatel-sn","apiKey":"cb-5e6f7a=="}`
			sent := server.requests(registrationPath)
			require.Equal(t, tt.code, pirogue.CodeOf(err), sent)
			require.Len(t, sent, 1, err)
			require.Equal(t, want, sent[0].Body, err)
		})
	}
	err := reading[registrar](t, senegal).RegisterCallback(t.Context(), "pay.example/callbacks")
	require.Equal(t, operator.Refused, pirogue.CodeOf(err), err)
}

func TestTestNumbers(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]response{testNumbersPath: {respond(200, `[
		{"msisdn":"781112233","pinCode":"4826","type":"RETAILER"},
		{"msisdn":780000001,"pinCode":"1357","type":"MERCHANT","merchantCode":123456}]`)}})
	got, err := reading[registrar](t, server.at()).TestNumbers(t.Context(), 1, 0, 1)
	want := []operator.TestNumber{
		{MSISDN: "781112233", PIN: "4826", Type: "RETAILER"},
		{MSISDN: "780000001", PIN: "1357", Type: "MERCHANT", MerchantCode: "123456"},
	}
	require.Equal(t, want, got, err)
	require.NoError(t, err)
	asked := server.requests(testNumbersPath)
	require.Equal(t, testNumbersPath+"?nbCustomers=1&nbRetailers=1", asked[0].Path)
	live := server.at()
	live.Mode = pirogue.Live
	_, ours := reading[registrar](t, live).TestNumbers(t.Context(), 1, 0, 1)
	_, many := reading[registrar](t, server.at()).TestNumbers(t.Context(), 0, 11, 1)
	require.Equal(t, operator.Refused, pirogue.CodeOf(ours), many)
	require.Equal(t, operator.Refused, pirogue.CodeOf(many), ours)
	require.Len(t, server.requests(testNumbersPath), 1, "%v %v", ours, many)
}
