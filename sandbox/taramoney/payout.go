package taramoney

import (
	"net/http"
	"strings"

	"pirogue/sandbox/engine"
)

// paymentMethods lists the methods to pay out. Tara's lists of them contradict each other;
// these two are the vendors on its page.
var paymentMethods = map[string]bool{"ORANGE_CAMEROON": true, "MTN_CAMEROON": true}

// payout is the body of payout/create.
type payout struct {
	ReceiverName        string `json:"receiverName"`
	PaymentMethod       string `json:"paymentMethod"`
	ReceiverPhoneNumber string `json:"receiverPhoneNumber"` // 237 and 9 digits
	ReceiverID          string `json:"receiverId"`          // the merchant's reference
	Amount              int64  `json:"amount"`              // francs
}

// validate returns the refusal of the first invalid parameter of a payout, or nil.
func (p payout) validate() error {
	national, inCameroon := strings.CutPrefix(p.ReceiverPhoneNumber, cameroon)
	return check(
		rule{"receiverName", isText(p.ReceiverName)}, rule{"paymentMethod", paymentMethods[p.PaymentMethod]},
		rule{"receiverPhoneNumber", inCameroon && localNumber.MatchString(national)},
		rule{"receiverId", isText(p.ReceiverID)}, rule{"amount", isAmount(p.Amount)},
	)
}

// createPayout serves payout/create. Its SUCCESS means that the payout was initiated, even
// if it is paid at once.
func (s *Simulator) createPayout(w http.ResponseWriter, r *http.Request, body []byte) error {
	var p payout
	if err := decode(body, &p); err != nil {
		return err
	}
	if err := p.validate(); err != nil {
		return err
	}
	order := engine.Order{
		ID: "po_" + newIdentifier(), Reference: p.ReceiverID, Account: BusinessID, Direction: engine.Out,
		MSISDN: "+" + p.ReceiverPhoneNumber, Asked: p.Amount, Currency: xaf,
		Notes: map[string]string{
			notePhone: p.ReceiverPhoneNumber, noteVendor: p.PaymentMethod, noteMovement: newIdentifier(),
		},
	}
	return s.OpenAndReply(w, r, engine.ShownOrder{Order: order, Show: func(o engine.Order) any {
		return map[string]string{"status": success, "payoutId": o.ID, "message": "Payout initié avec succès."}
	}})
}
