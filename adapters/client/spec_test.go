package client

import (
	"cmp"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
)

// kora is an imaginary operator.
var kora = Spec{
	Name:        "Kora",
	StatusTable: StatusTable{"done": pirogue.OutcomePaid, "refused": pirogue.OutcomeDeclined},
	StatusCodes: map[int]pirogue.Code{http.StatusTooManyRequests: operator.NotSent, 503: operator.NotSent},
	ErrorTable: map[string]pirogue.Code{
		"bad": operator.Refused, "poor": operator.Refused, "closed": operator.Unable, "later": operator.Unknown,
		"key": operator.NotSent,
	},
	CashOutErrorTable: map[string]pirogue.Code{"poor": operator.Unable, "later": operator.Refused},
	ReadError:         func(r Response) (word, text string) { return string(r.Body), string(r.Body) },
	Private:           regexp.MustCompile(`AB \d+`),
}

func TestErrorCode(t *testing.T) {
	t.Parallel()
	in, out, asked := pirogue.CashIn, pirogue.CashOut, pirogue.PaymentKind("")
	for name, tt := range map[string]struct {
		status int
		word   string
		kind   pirogue.PaymentKind
		want   pirogue.Code
	}{
		"a refusal":                                {400, "bad", in, operator.Refused},
		"a refusal of money that leaves":           {404, "bad", out, operator.Refused},
		"a refusal to a question":                  {400, "bad", asked, operator.Unknown},
		"a refusal of a server that fell":          {500, "bad", in, operator.Unknown},
		"a refusal in a good answer":               {200, "bad", in, operator.Unknown},
		"too little of the payer":                  {400, "poor", in, operator.Refused},
		"too little of ours":                       {400, "poor", out, operator.Unable},
		"too little of ours, for a refund":         {400, "poor", pirogue.Refund, operator.Unable},
		"too little, to a question":                {400, "poor", asked, operator.Unknown},
		"not served":                               {403, "closed", in, operator.Unable},
		"not served, to a question":                {403, "closed", asked, operator.Unknown},
		"a word that decides nothing":              {400, "later", out, operator.Unknown},
		"turned away by a word":                    {401, "key", asked, operator.NotSent},
		"turned away by a status":                  {429, "bad", in, operator.NotSent},
		"turned away by a server's status":         {503, "", in, operator.NotSent},
		"a word of no document":                    {400, "?", in, operator.Unknown},
		"no word":                                  {400, "", in, operator.Unknown},
		"what is not served, of money that leaves": {400, "closed", out, operator.Unable},
	} {
		got := kora.ErrorCode(tt.status, tt.word, tt.kind)
		require.Equal(t, tt.want, got, name)
	}
}

// newKora returns a client of an operator that gives every call one response.
func newKora(t *testing.T, resp Response) *Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(cmp.Or(resp.Status, http.StatusOK))
		w.Write(resp.Body)
	}))
	t.Cleanup(server.Close)
	c := newClient(t, server.URL, patient)
	c.spec, c.Secrets = &kora, func() []string { return []string{"s3cret"} }
	return c
}

func TestReadResultOfError(t *testing.T) {
	t.Parallel()
	read := func([]byte) (operator.OperatorResult, error) {
		return operator.OperatorResult{Outcome: pirogue.OutcomePaid, ProviderTxID: "K1", Message: "done"},
			errors.New("of no matter")
	}
	for body, tt := range map[string]struct {
		code pirogue.Code
		txID string
	}{
		"bad": {
			operator.Refused, "",
		}, "?": {operator.Unknown, "K1"}, "": {operator.Unknown, "K1"}, "key": {operator.NotSent, ""},
	} {
		c := newKora(t, Response{Status: 400, Body: []byte(body)})
		resp, err := c.Submit(t.Context(), payment, pirogue.CashIn)
		got, err := c.ReadResult(resp, err, read)
		require.Equal(t, tt.code, pirogue.CodeOf(err), body)
		require.Empty(t, got.Outcome, "%v %v", body, err)
		require.Equal(t, tt.txID, got.ProviderTxID, "%v %v", body, err)
	}
	nobody := newClient(t, closedPort(t), patient)
	_, err := nobody.Query(t.Context(), payment)
	require.Equal(t, operator.NotSent, pirogue.CodeOf(err), err)
}

func TestErrorsHoldNoSecret(t *testing.T) {
	t.Parallel()
	c := newKora(t, Response{Status: 400, Body: []byte("s3cret 4826 AB 12 +22790123456")})
	coded := payment
	coded.Secrets = []string{"4826"}
	_, err := c.Submit(t.Context(), coded, pirogue.CashIn)
	want := "UNKNOWN: Kora answered 400: [secret] [secret] [secret] [secret]"
	require.Error(t, err)
	require.True(t, strings.HasSuffix(err.Error(), want[9:]), "%v, want %s", err, want)
}

func TestResultWithAmount(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status, amount string
		in             pirogue.Currency
		outcome        pirogue.Outcome
		minor          int64
		code           pirogue.Code
	}{
		"paid":                           {"done", "5000", pirogue.XOF, pirogue.OutcomePaid, 5000, ""},
		"paid, not saying how much":      {"done", "", pirogue.XOF, "", 0, operator.Unknown},
		"paid, not saying in what":       {"done", "5000", "", "", 0, operator.Unknown},
		"paid, with half a franc":        {"done", "0.5", pirogue.XOF, "", 0, operator.Unknown},
		"declined, of what is no amount": {"refused", "?", "", pirogue.OutcomeDeclined, 0, ""},
		"in a word of no document":       {"Done", "5000", pirogue.XOF, "", 0, operator.Unknown},
	} {
		got, err := newKora(t, Response{}).ResultWithAmount(StatusFields{ID: "K1", Key: "id", Status: tt.status},
			tt.amount, tt.in)
		require.Equal(t, tt.outcome, got.Outcome, "%v %v", name, err)
		require.Equal(t, tt.minor, got.Amount.Minor, "%v %v", name, err)
		require.Equal(t, tt.code, pirogue.CodeOf(err), name)
		require.Equal(t, "K1", got.ProviderTxID, name)
		require.Equal(t, "K1", got.Handle["id"], name)
	}
}

func TestReadCallback(t *testing.T) {
	t.Parallel()
	proven := kora
	proven.CallbackSecret = CallbackSecret{Header: "X-Proof", Scheme: "Basic ", Credential: "secret"}
	read := ReadJSON(func(said struct{ ID string }) (operator.OperatorResult, error) {
		return operator.OperatorResult{Outcome: pirogue.OutcomePaid, Handle: pirogue.Handle{"id": said.ID}}, nil
	})
	for name, tt := range map[string]struct {
		brings, body, known string
		code                pirogue.Code
	}{
		"all that is asked for":              {"Basic s3cret", `{"id":"K1"}`, "K1", ""},
		"the name of one that had none":      {"Basic s3cret", `{"id":"K1"}`, "", ""},
		"the name of another":                {"Basic s3cret", `{"id":"K1"}`, "K2", operator.Unknown},
		"no JSON":                            {"Basic s3cret", `id=K1`, "K1", pirogue.InvalidJSON},
		"no proof":                           {"", `{"id":"K1"}`, "K1", pirogue.SignatureInvalid},
		"a proof of another scheme, no JSON": {"s3cret", `id=K1`, "K1", pirogue.SignatureInvalid},
	} {
		c := &Client{spec: &proven, credentials: map[string]string{"secret": "s3cret"}}
		attempt := pirogue.Attempt{Ref: "A", Handle: pirogue.Handle{"id": tt.known}}
		got, err := c.ReadCallback(attempt, http.Header{"X-Proof": {tt.brings}}, []byte(tt.body), read)
		require.Equal(t, tt.code, pirogue.CodeOf(err), name)
		require.Equal(t, got.Outcome == pirogue.OutcomePaid, err == nil, name)
		proof := c.Capability().Proof
		require.Equal(t, operator.ProofToken, proof, name)
	}
	c := newKora(t, Response{})
	_, err := c.ReadResult(Response{Body: []byte("<html>")}, nil, read)
	require.Equal(t, operator.Unknown, pirogue.CodeOf(err), err)
	_, err = c.Result(StatusFields{Status: "s3cret"})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "s3cret")
}
