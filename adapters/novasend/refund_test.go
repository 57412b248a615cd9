package novasend_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/config"
	"pirogue/operator"
)

// teller combines the methods of an instance that refund and read a status.
type teller interface {
	operator.Refunder
	operator.StatusReader
}

func TestRefundRequest(t *testing.T) {
	t.Parallel()
	path := "/v1/payin/" + payinID + "/refund"
	s := newServer(t, map[string]response{path: respond(201, recorded(t, "refund_processing.json"))})
	result, err := reading[operator.Refunder](t, s.at("")).Refund(t.Context(), reversal)
	require.NoError(t, err)
	require.Equal(t, pirogue.Handle{"payin": payinID, "payin_ref": ref, "id": refundID}, result.Handle)
	q := refundQuery
	q.Handle, q.RefundedCollect = result.Handle, nil // the handle holds it too
	got, err := reading[operator.StatusReader](t, s.at("")).Status(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, refundID, got.ProviderTxID)
	want := []request{
		{
			"POST", path, `{"reason":"Remboursement au client","externalReference":"` + refundRef + `"}`,
			keyOf("refund", refundRef),
		},
		{"GET", path, "", ""},
	}
	require.Equal(t, want, s.requests())
}

func TestStatusOfRefundByPayout(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	q := refundQuery
	q.Handle, q.RefundedCollect = nil, nil
	got, err := reading[operator.StatusReader](t, s.at("")).Status(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, pirogue.OutcomeAbsent, got.Outcome)
	want := []request{{"GET", "/v1/payout/" + refundRef, "", ""}, {"GET", "/v1/direct/payout/" + refundRef, "", ""}}
	require.Equal(t, want, s.requests())
}

func TestRefundOfLostPayin(t *testing.T) {
	t.Parallel()
	path := "/v1/payin/" + payinID + "/refund"
	responses := map[string]response{
		"/v1/payin/" + ref: respond(200, recorded(t, "payin_transaction_completed.json")),
		path:               respond(201, recorded(t, "refund_processing.json")),
	}
	s := newServer(t, responses)
	r := reversal
	r.CollectQuery.Handle = nil
	_, err := reading[operator.Refunder](t, s.at("")).Refund(t.Context(), r)
	require.NoError(t, err)
	l := s.requests()
	require.Len(t, l, 2)
	require.Equal(t, "/v1/payin/"+ref, l[0].Path)
	require.Equal(t, path, l[1].Path)
	for name, resp := range map[string]response{
		"unknown":               respond(404, recorded(t, "error_transaction_does_not_exist.json")),
		"another":               respond(200, recorded(t, "payin_other_reference.json")),
		"nameless":              respond(200, recorded(t, "session_no_id.json")),
		"behind a broken proxy": respond(502, "<html></html>"),
	} {
		lost := newServer(t, map[string]response{"/v1/payin/" + ref: resp})
		_, err := reading[operator.Refunder](t, lost.at("")).Refund(t.Context(), r)
		require.Equal(t, operator.NotSent, pirogue.CodeOf(err), "%v %v", name, len(lost.requests()))
		require.Len(t, lost.requests(), 1, "%v %v", name, err)
	}
}

func TestStatusOfLostRefund(t *testing.T) {
	t.Parallel()
	s := newServer(t, map[string]response{"/v1/payin/" + payinID + "/refund": respond(504, "")})
	result, err := reading[operator.Refunder](t, s.at("")).Refund(t.Context(), reversal)
	require.Equal(t, operator.Unknown, pirogue.CodeOf(err), err)
	require.Equal(t, pirogue.Handle{"payin": payinID, "payin_ref": ref}, result.Handle)
}

func TestStatusOfRefusedRefund(t *testing.T) {
	t.Parallel()
	path, paid := "/v1/payin/"+payinID+"/refund", respond(200, recorded(t, "payin_transaction_completed.json"))
	nameless := query
	nameless.Handle = nil
	tests := map[string]struct {
		collected operator.StatusQuery
		responses map[string]response
		outcome   pirogue.Outcome
		asked     []string
	}{
		"and there is none": {query, nil, pirogue.OutcomeAbsent, []string{path}},
		"and there is one": {
			query,
			map[string]response{path: respond(200, recorded(t, "refund_completed.json"))},
			pirogue.OutcomePaid,
			[]string{path},
		},
		"whose name was lost": {
			nameless, map[string]response{"/v1/payin/" + ref: paid}, pirogue.OutcomeAbsent, []string{"/v1/payin/" + ref, path},
		},
		"which Novasend cannot say": {nameless, nil, "", []string{"/v1/payin/" + ref}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, tt.responses)
			q := refundQuery
			q.Handle, q.RefundedCollect = nil, &tt.collected
			got, err := reading[operator.StatusReader](t, s.at("")).Status(t.Context(), q)
			require.Equal(t, tt.outcome, got.Outcome, err)
			require.Equal(t, tt.outcome != "", err == nil)
			require.False(t, err != nil && pirogue.CodeOf(err) != operator.Unknown, "%+v, %v; want %q", got, err, tt.outcome)
			asked := []string{}
			for _, l := range s.requests() {
				asked = append(asked, l.Path)
			}
			require.Equal(t, tt.asked, asked)
		})
	}
}

func TestRefundTimeout(t *testing.T) {
	t.Parallel()
	const patience = 500 * time.Millisecond
	slow := func(status int, file string) response {
		a := respond(status, recorded(t, file))
		a.Takes = 3 * patience / 5 // each call is in time, and both together are not
		return a
	}
	nameless := query
	nameless.Handle = nil
	refund := "/v1/payin/" + payinID + "/refund"
	for name, tt := range map[string]struct {
		responses map[string]response
		call      func(teller) error
	}{
		"made": {
			map[string]response{
				"/v1/payin/" + ref: slow(200, "payin_transaction_completed.json"), refund: slow(201, "refund_processing.json"),
			},
			func(o teller) error {
				r := reversal
				r.CollectQuery = nameless
				_, err := o.Refund(t.Context(), r)
				return err
			},
		},
		"asked for": {
			map[string]response{
				"/v1/payin/" + ref: slow(200, "payin_transaction_completed.json"), refund: slow(200, "refund_completed.json"),
			},
			func(o teller) error {
				q := refundQuery
				q.Handle, q.RefundedCollect = nil, &nameless
				_, err := o.Status(t.Context(), q)
				return err
			},
		},
		"paid out": {
			map[string]response{
				"/v1/payout/" + outRef:        slow(404, "error_transaction_does_not_exist.json"),
				"/v1/direct/payout/" + outRef: slow(200, "payout_completed.json"),
			},
			func(o teller) error {
				_, err := o.Status(t.Context(), outQuery)
				return err
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conf := newServer(t, tt.responses).at("")
			conf.Timeout = config.Duration(patience)
			code := pirogue.CodeOf(tt.call(reading[teller](t, conf)))
			require.False(t, code != operator.Unknown && code != operator.NotSent, "%q, want it given up", code)
		})
	}
}

func TestOtherRefundOfPayin(t *testing.T) {
	t.Parallel()
	s := newServer(
		t, map[string]response{"/v1/payin/" + payinID + "/refund": respond(200, recorded(t, "refund_completed.json"))},
	)
	q := refundQuery
	q.Handle = pirogue.Handle{"payin": payinID, "payin_ref": ref, "id": "rf_another"}
	got, err := reading[operator.StatusReader](t, s.at("")).Status(t.Context(), q)
	require.Equal(t, operator.Unknown, pirogue.CodeOf(err), err)
	require.Empty(t, got.Outcome, err)
}
