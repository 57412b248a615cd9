package taramoney_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/adapters/taramoney"
	"pirogue/config"
	"pirogue/operator"
)

const accepted = `{"message":"API_ORDER_SUCESSFULL","status":"SUCCESS",` +
	`"ussdCode":"#150*50#","vendor":"ORANGE_CAMEROON"}`

// account begins every body.
const account = `{"apiKey":"` + apiKey + `","businessId":"TcMpnFWlIz",`

// leaves checks the only request that a server received.
func leaves(t *testing.T, server *adaptertest.Server, path, body string) {
	t.Helper()
	sent := server.Requests()
	require.Len(t, sent, 1)
	require.Equal(t, http.MethodPost, sent[0].Method, "%v %v", sent[0].Path, path)
	require.Equal(t, "/api/tara"+path, sent[0].Path, sent[0].Method)
	require.Equal(t, account+body+"}", sent[0].Body)
	got := sent[0].Header.Get("Content-Type")
	require.Equal(t, "application/json", got)
	for name := range sent[0].Header {
		require.NotEqual(t, "Authorization", name)
		require.False(t, strings.HasPrefix(name, "X-"), "header %s is on a wire that knows none", name)
	}
}

func TestCollectRequest(t *testing.T) {
	t.Parallel()
	const product = `"productId":"` + ref + `","productName":"Boutique Élégance","productPrice":5000,`
	const webhook = `"webHookUrl":"https://pay.example/callbacks/taramoney-cm/t0k3n"`
	tests := map[string]struct {
		conf    config.Operator
		network pirogue.Network
		path    string
		body    string
	}{
		"by cmmobile, Orange": {cameroon, pirogue.Orange, "/cmmobile", product + `"phoneNumber":"696717597",` + webhook},
		"by cmmobile, MTN":    {cameroon, pirogue.MTN, "/cmmobile", product + `"phoneNumber":"696717597",` + webhook},
		"by mobilepay, Orange": {
			mobile(), pirogue.Orange, "/mobilepay", product + `"phoneNumber":"237696717597","network":"orange",` + webhook,
		},
		"by mobilepay, MTN": {
			mobile(), pirogue.MTN, "/mobilepay", product + `"phoneNumber":"237696717597","network":"mtn",` + webhook,
		},
		"by mobilepay, Wave": {
			mobile(), pirogue.Wave, "/mobilepay", product + `"phoneNumber":"237696717597","network":"wave",` + webhook,
		},
		"without a status call": {mute(), pirogue.Orange, "/cmmobile", product + `"phoneNumber":"696717597",` + webhook},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newTara(t, respond(200, accepted))
			c := collection
			c.Network = tt.network
			_, err := reading[operator.Collector](t, at(server, tt.conf)).Collect(t.Context(), c)
			require.NoError(t, err)
			leaves(t, server, tt.path, tt.body)
		})
	}
}

func TestProductName(t *testing.T) {
	t.Parallel()
	for given, name := range map[string]string{"": "Paiement", strings.Repeat("é", 150): strings.Repeat("é", 100)} {
		server := newTara(t, respond(200, accepted))
		c := collection
		c.Payee = given
		_, err := reading[operator.Collector](t, at(server, cameroon)).Collect(t.Context(), c)
		require.NoError(t, err)
		body := server.Requests()[0].Body
		require.Contains(t, body, `"productName":"`+name+`"`)
	}
}

func TestNextAction(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want pirogue.NextAction
	}{
		"dial Orange's code": {
			accepted, pirogue.NextAction{Type: pirogue.ActionUSSD, USSDCode: "#150*50#", Vendor: "ORANGE_CAMEROON"},
		},
		"dial MTN's code": {
			`{"status":"SUCCESS","ussdCode":"*126#","vendor":"MTN_CAMEROON","authUrl":null}`,
			pirogue.NextAction{Type: pirogue.ActionUSSD, USSDCode: "*126#", Vendor: "MTN_CAMEROON"},
		},
		"wait for the phone": {
			`{"status":"SUCCESS","vendor":"MTN_CAMEROON","authUrl":""}`,
			pirogue.NextAction{Type: pirogue.ActionPush, Vendor: "MTN_CAMEROON"},
		},
		"wait for the phone, whose code cannot be dialed": {
			`{"status":"SUCCESS","ussdCode":"<b>dial</b>","vendor":"MTN_CAMEROON"}`,
			pirogue.NextAction{Type: pirogue.ActionPush, Vendor: "MTN_CAMEROON"},
		},
		"open Wave's page": {
			`{"status":"SUCCESS","authUrl":"{\"url\":\"https://pay.wave.example/c/1\"}","vendor":"WAVE"}`,
			pirogue.NextAction{Type: pirogue.ActionRedirect, URL: "https://pay.wave.example/c/1", Vendor: "WAVE"},
		},
		"open Wave's page, which is not packed": {
			`{"status":"SUCCESS","authUrl":{"url":"https://pay.wave.example/c/1"}}`,
			pirogue.NextAction{Type: pirogue.ActionRedirect, URL: "https://pay.wave.example/c/1"},
		},
		"open a simulator's page": {
			`{"status":"SUCCESS","authUrl":"{\"url\":\"http://127.0.0.1/c/1\"}"}`,
			pirogue.NextAction{Type: pirogue.ActionRedirect, URL: "http://127.0.0.1/c/1"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newTara(t, respond(200, tt.body))
			got, err := reading[operator.Collector](t, at(server, mobile())).Collect(t.Context(), collection)
			require.NoError(t, err)
			require.Equal(t, pirogue.OutcomePending, got.Outcome)
			require.Equal(t, tt.want, got.NextAction)
		})
	}
}

func TestUnusablePaymentPage(t *testing.T) {
	t.Parallel()
	for _, authURL := range []string{
		`"{\"url\":\"javascript:alert(1)\"}"`, `"{\"url\":\"javascript://pay.example/%0aalert(1)\"}"`,
		`"{\"url\":\"\"}"`, `"{\"url\":"`, `"https://"`, `{"url":7}`, `[]`, `{}`,
	} {
		server := newTara(t, respond(200, `{"status":"SUCCESS","transactionId":"719152650","authUrl":`+authURL+`}`))
		got, err := reading[operator.Collector](t, at(server, mobile())).Collect(t.Context(), collection)
		want := operator.OperatorResult{ProviderTxID: payID}
		require.Equal(t, want, got, "%v %v", authURL, err)
		require.Equal(t, operator.Unknown, pirogue.CodeOf(err), authURL)
	}
}

func TestLivePaymentPage(t *testing.T) {
	t.Parallel()
	for page, shown := range map[string]bool{"https://pay.wave.example/c/1": true, "http://pay.wave.example/c/1": false} {
		server := newTara(t, respond(200, `{"status":"SUCCESS","authUrl":{"url":"`+page+`"}}`))
		genuine := reading[operator.Collector](t, at(server, mobile()))
		taramoney.Pretend(genuine)
		got, err := genuine.Collect(t.Context(), collection)
		require.Equal(t, shown, (err == nil), page)
		require.Equal(t, shown, (got.NextAction.URL == page), err)
	}
}

func TestPayoutRequest(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		network      pirogue.Network
		name, method string
		given        string
	}{
		"to Orange":      {pirogue.Orange, "Ngo Bassa", "ORANGE_CAMEROON", "Ngo Bassa"},
		"to MTN":         {pirogue.MTN, "Ngo Bassa", "MTN_CAMEROON", "Ngo Bassa"},
		"to nobody's":    {pirogue.MTN, "Client", "MTN_CAMEROON", ""},
		"to a long name": {pirogue.MTN, strings.Repeat("é", 100), "MTN_CAMEROON", strings.Repeat("é", 150)},
	}
	for name, tt := range tests {
		for shape, conf := range map[string]config.Operator{"cmmobile": cameroon, "mobilepay": mobile(), "mute": mute()} {
			t.Run(name+" by "+shape, func(t *testing.T) {
				t.Parallel()
				server := newTara(t, respond(200, `{"status":"SUCCESS","payoutId":"po_987654","message":"ok"}`))
				d := disbursement
				d.Network, d.Beneficiary = tt.network, tt.given
				got, err := reading[operator.Disburser](t, at(server, conf)).Disburse(t.Context(), d)
				require.NoError(t, err)
				leaves(t, server, "/payout/create", `"receiverName":"`+tt.name+`","paymentMethod":"`+tt.method+
					`","receiverPhoneNumber":"237696717597","receiverId":"`+outRef+`","amount":5000`)
				want := operator.OperatorResult{
					Outcome: pirogue.OutcomePending, ProviderTxID: outID,
					Handle: pirogue.Handle{"payout_id": outID}, Message: "SUCCESS ok",
				}
				require.Equal(t, want, got)
			})
		}
	}
}

func TestUnknownPayoutKeepsHandle(t *testing.T) {
	t.Parallel()
	named := `{"status":"%","payoutId":"po_987654","message":"?"}`
	for name, a := range map[string]response{
		"a word nobody knows": respond(200, strings.Replace(named, "%", "QUEUED", 1)),
		"an error":            respond(200, strings.Replace(named, "%", "ERROR", 1)),
		"a server that fell":  respond(502, strings.Replace(named, "%", "SUCCESS", 1)),
		"a conflict":          respond(409, strings.Replace(named, "%", "FAILURE", 1)),
	} {
		server := newTara(t, a)
		got, err := reading[operator.Disburser](t, at(server, cameroon)).Disburse(t.Context(), disbursement)
		want := operator.OperatorResult{ProviderTxID: outID, Handle: pirogue.Handle{"payout_id": outID}}
		require.Equal(t, want, got, "%v %v", name, err)
		require.Equal(t, operator.Unknown, pirogue.CodeOf(err), name)
	}
	refused := newTara(t, respond(200, strings.Replace(named, "%", "FAILURE", 1)))
	got, err := reading[operator.Disburser](t, at(refused, cameroon)).Disburse(t.Context(), disbursement)
	require.Equal(t, operator.OperatorResult{}, got, err)
	require.Equal(t, operator.Refused, pirogue.CodeOf(err), err)
}

func TestUnacceptableSubmission(t *testing.T) {
	t.Parallel()
	orange, both, noShape := suite(), suite(), mute()
	orange.Conf.Network = pirogue.Orange
	orange.RunUnsent(t, map[string]func(*operator.CollectRequest){
		"by MTN, where only Orange is": func(c *operator.CollectRequest) { c.Network = pirogue.MTN },
	})
	both.Conf = mobile()
	both.RunUnsent(t, map[string]func(*operator.CollectRequest){
		"with a reference too far": func(c *operator.CollectRequest) { c.Ref = ref + "X" },
		"for a fixed line":         func(c *operator.CollectRequest) { c.MSISDN = "+237222123456" },
		"for a number cut short":   func(c *operator.CollectRequest) { c.MSISDN = "+23769671759" },
		"for a number too long":    func(c *operator.CollectRequest) { c.MSISDN = "+2376967175970" },
		"by Moov":                  func(c *operator.CollectRequest) { c.Network = pirogue.Moov },
		"by no network":            func(c *operator.CollectRequest) { c.Network = "" },
	})
	t.Run("by Wave with cmmobile, and out to Wave", func(t *testing.T) {
		t.Parallel()
		c, d := collection, disbursement
		c.Network, d.Network = pirogue.Wave, pirogue.Wave
		server := newTara(t, respond(200, accepted))
		_, err := reading[operator.Collector](t, at(server, cameroon)).Collect(t.Context(), c)
		unsent(t, server, err)
		_, err = reading[operator.Disburser](t, at(server, mobile())).Disburse(t.Context(), d)
		unsent(t, server, err)
	})
	t.Run("with nobody who could tell what became of it", func(t *testing.T) {
		t.Parallel()
		c := collection
		c.CallbackURL = ""
		server := newTara(t, respond(200, accepted))
		_, err := reading[operator.Collector](t, at(server, noShape)).Collect(t.Context(), c)
		unsent(t, server, err)
	})
}

// unsent checks that an order was refused, that no request left, and that the error does
// not contain the number.
func unsent(t *testing.T, server *adaptertest.Server, err error) {
	t.Helper()
	require.Equal(t, operator.Unable, pirogue.CodeOf(err), len(server.Requests()))
	require.Empty(t, server.Requests(), err)
	require.False(t, err != nil && strings.Contains(err.Error(), "96717597"), "the number is repeated: %v", err)
}

func TestStatusName(t *testing.T) {
	t.Parallel()
	refund := outQuery
	refund.Kind = pirogue.Refund
	tests := map[string]struct {
		query  operator.StatusQuery
		handle pirogue.Handle
		name   string
	}{
		"a collection":                 {query, nil, ref},
		"a collection with a handle":   {query, pirogue.Handle{"payout_id": outID}, ref},
		"a payout":                     {outQuery, outQuery.Handle, outID},
		"a payout whose name was lost": {outQuery, nil, outRef},
		"a refund":                     {refund, outQuery.Handle, outID},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newTara(t, respond(200, `{"status":"PENDING","message":"En attente."}`))
			q := tt.query
			q.Handle = tt.handle
			got, err := reading[operator.StatusReader](t, at(server, cameroon)).Status(t.Context(), q)
			require.NoError(t, err)
			require.Equal(t, pirogue.OutcomePending, got.Outcome)
			leaves(t, server, "/transactions/status", `"productId":"`+tt.name+`"`)
		})
	}
}

func TestStatusOfCollectionByPayoutID(t *testing.T) {
	t.Parallel()
	server := newTara(t, respond(200, `{"status":"SUCCESS","productId":"po_987654"}`))
	q := query
	q.Handle = pirogue.Handle{"payout_id": outID}
	_, err := reading[operator.StatusReader](t, at(server, cameroon)).Status(t.Context(), q)
	require.Equal(t, operator.Unknown, pirogue.CodeOf(err), err)
}
