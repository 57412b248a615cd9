package adaptertest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// orders maps the calls that move money to the kind of their payment.
var orders = map[Call]pirogue.PaymentKind{Collect: pirogue.CashIn, Disburse: pirogue.CashOut}

// bounds checks that the adapter sends no order outside its limits. It must send the least
// and the greatest amount that its capability allows.
func (s Suite) bounds(t *testing.T, call Call) {
	t.Helper()
	if _, isOrder := orders[call]; !isOrder {
		return
	}
	limits := s.open(t, "http://127.0.0.1", patient).Capability().Limits(orders[call])
	rows := map[string]func(*operator.CollectRequest){
		"of another currency":    func(c *operator.CollectRequest) { c.Amount.Currency = "XAU" },
		"of nothing":             func(c *operator.CollectRequest) { c.Amount.Minor = 0 },
		"below nothing":          func(c *operator.CollectRequest) { c.Amount.Minor = -5000 },
		"of less than the least": func(c *operator.CollectRequest) { c.Amount.Minor = limits.Min - 1 },
		"without a reference":    func(c *operator.CollectRequest) { c.Ref = "" },
		"with a reference of any size": func(c *operator.CollectRequest) {
			c.Ref = pirogue.OperatorRef(strings.Repeat("A", 200))
		},
	}
	if limits.Max > 0 {
		rows["of more than the most"] = func(c *operator.CollectRequest) { c.Amount.Minor = limits.Max + 1 }
	}
	if !slices.Contains(s.AnyNumber, call) {
		maps.Copy(rows, numbers)
	}
	for name, change := range rows {
		t.Run(name+", is not sent", func(t *testing.T) { s.unsent(t, call, change) })
	}
	for _, minor := range []int64{max(1, limits.Min), max(1, limits.Min, limits.Max)} {
		t.Run("at a limit, leaves", func(t *testing.T) {
			t.Parallel()
			n, edge := newFakeOperator(t, s), s.changed(func(c *operator.CollectRequest) { c.Amount.Minor = minor })
			n.respond(s.Good[call].Status, s.file(t, s.Good[call].File))
			_, err := edge.call(t, s.open(t, n.server.URL, patient), Case{Call: call})
			require.NotEqual(t, 0, n.count(), "%v %v", minor, err)
		})
	}
}

// numbers holds changes that leave a telephone number which no operator serves.
var numbers = map[string]func(*operator.CollectRequest){
	"for a number of another country": func(c *operator.CollectRequest) { c.MSISDN = "+33612345678" },
	"for a local number":              func(c *operator.CollectRequest) { c.MSISDN = c.MSISDN[4:] },
	"for a number with spaces":        func(c *operator.CollectRequest) { c.MSISDN = c.MSISDN[:7] + " " + c.MSISDN[8:] },
	"for a number with a letter":      func(c *operator.CollectRequest) { c.MSISDN = c.MSISDN[:len(c.MSISDN)-1] + "A" },
	"for no number":                   func(c *operator.CollectRequest) { c.MSISDN = "" },
	"for a country's number":          func(c *operator.CollectRequest) { c.MSISDN = c.MSISDN[:4] },
}

// RunUnsent checks that orders which the operator can never accept are Unable, and that no
// request leaves for them. Each row changes a collection and, if the adapter has one, a
// disbursement.
func (s Suite) RunUnsent(t *testing.T, rows map[string]func(*operator.CollectRequest)) {
	t.Helper()
	for call := range orders {
		for name, change := range rows {
			if _, has := s.Good[call]; has {
				t.Run(string(call)+" "+name, func(t *testing.T) { s.unsent(t, call, change) })
			}
		}
	}
}

// changed returns the subject with the same change applied to both its collection and its
// disbursement.
func (s Suite) changed(change func(*operator.CollectRequest)) Suite {
	out := client.DisburseSubmission(s.Disbursement)
	like := operator.CollectRequest{Ref: out.Ref, Amount: out.Amount, MSISDN: out.MSISDN, Network: out.Network}
	if out.MSISDN != "" {
		change(&like)
	}
	change(&s.Collection)
	d := &s.Disbursement
	d.Ref, d.Amount, d.MSISDN, d.Network = like.Ref, like.Amount, like.MSISDN, like.Network
	return s
}

// unsent checks one row of RunUnsent. It also checks that the error does not contain the
// telephone number.
func (s Suite) unsent(t *testing.T, call Call, change func(*operator.CollectRequest)) {
	t.Helper()
	t.Parallel()
	n := newFakeOperator(t, s)
	n.respond(s.Good[call].Status, s.file(t, s.Good[call].File))
	changed := s.changed(change)
	got, err := changed.call(t, s.open(t, n.server.URL, patient), Case{Call: call})
	s.check(t, Case{Code: operator.Unable}, got, err)
	received := n.everything()
	require.Equal(t, 0, received)
	number := strings.TrimPrefix(string(changed.Collection.MSISDN), "+")
	require.False(t, err != nil && len(number) > 4 && strings.Contains(err.Error(), number),
		"the number is repeated: %v", err)
}

// RunWithoutToken checks that no call leaves if a path of the prelude gives one of these answers.
// Every call of the subject must request that path first, such as for a token.
func (s Suite) RunWithoutToken(t *testing.T, path string, answers map[string]Response) {
	t.Helper()
	for call := range s.Good {
		for name, a := range answers {
			t.Run(string(call)+" "+name, func(t *testing.T) {
				t.Parallel()
				n := newFakeOperator(t, s)
				n.prelude[path] = a
				n.respond(s.Good[call].Status, s.file(t, s.Good[call].File))
				got, err := s.call(t, s.open(t, n.server.URL, patient), Case{Call: call})
				s.check(t, Case{Code: operator.NotSent}, got, err)
				require.Equal(t, 0, n.count(), n.everything())
				require.NotEqual(t, 0, n.everything(), n.count())
			})
		}
	}
}

// TokenErrors returns responses of an OAuth server that hold no usable token.
func TokenErrors(secret string) map[string]Response {
	return map[string]Response{
		"turned away":           Respond(401, `{"error":"invalid_client","error_description":"`+secret+`"}`),
		"a page":                Respond(200, "<html></html>"),
		"no token":              Respond(200, `{"expires_in":3600}`),
		"no life":               Respond(200, `{"access_token":"at-1"}`),
		"a server that is down": Respond(503, ""),
		"a token in an error":   Respond(500, `{"access_token":"at-1","expires_in":3600}`),
	}
}
