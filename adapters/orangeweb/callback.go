package orangeweb

import (
	"net/http"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// notification is the body that Orange posts to notif_url, for SUCCESS and FAILED only. It
// is not signed and names neither the order nor the amount.
type notification struct {
	Status     string `json:"status"`
	NotifToken string `json:"notif_token"`
	TxnID      string `json:"txnid"`
}

// Callback implements operator.CallbackReader. Its proof is the session's notif_token, which
// only Orange and we know. A callback that arrives before our own call returns has no token
// to compare with. Its result is then pending and holds nothing of its content: enough to
// read the status sooner.
func (o *adapter) Callback(a pirogue.Attempt, _ http.Header, body []byte) (operator.OperatorResult, error) {
	return client.ReadJSON(func(got notification) (operator.OperatorResult, error) {
		want := a.Handle[keyNotifToken]
		if want == "" {
			return operator.OperatorResult{
				Outcome: pirogue.OutcomePending, Message: "unproven: no notif_token to compare with",
			}, nil
		}
		if !client.EqualSecret(got.NotifToken, want) {
			return operator.OperatorResult{}, pirogue.Errorf(pirogue.SignatureInvalid, "the notif_token is not the session's")
		}
		return o.resultOf(got.Status, got.TxnID)
	})(body)
}
