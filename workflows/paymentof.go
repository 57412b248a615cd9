package workflows

import (
	"strings"

	"pirogue"
)

// uuidLength says how many characters a payment's ID has.
const uuidLength = 36

// PaymentOf returns the payment whose workflow has an ID, and whether it is a payment's.
func PaymentOf(workflowID string) (pirogue.PaymentID, bool) {
	for _, kind := range restartableWorkflows {
		rest, ours := strings.CutPrefix(workflowID, kind.prefix+"-")
		if ours && len(rest) >= uuidLength {
			return pirogue.PaymentID(rest[:uuidLength]), true
		}
	}
	return "", false
}
