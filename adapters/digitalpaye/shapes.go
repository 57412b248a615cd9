package digitalpaye

import (
	"encoding/json"

	"pirogue"
)

// shape describes one of Digitalpaye's wire formats.
type shape struct {
	collectPath  string
	transferPath string
	statusPath   string // the reference follows
	listPath     string
	balancePath  string

	operators map[pirogue.Network]string // the names of the networks
	collect   func(order) any            // the body of a collection
	transfer  func(order) any            // the body of a transfer
	read      func(json.RawMessage) (transaction, error)
}

// shapes maps the names in the configuration to wire formats. Another generation of the API
// is one more row here, and one more file for its spelling.
var shapes = map[string]shape{
	// The seed document. It has the transfer. The other paths are the SDK's under version 2,
	// and every document that has balance guesses its path [our reading].
	"": {
		collectPath:  "/v2/collecte/mobile-money",
		transferPath: "/v2/transfers/mobile-money",
		statusPath:   "/v2/get-status-payment/",
		listPath:     "/v2/get-all-transactions",
		balancePath:  "/v2/balance",
		operators:    networkWords("ORANGE_MONEY_CI", "MTN_MONEY_CI", "MOOV_MONEY_CI", "WAVE_MONEY_CI"),
		collect:      snakeCollect, transfer: snakeTransfer, read: readSnake,
	},
	// Digitalpaye's PHP SDK, 1.0 to 1.1.0.
	"sdk": {
		collectPath:  "/v1/collecte/mobile-money",
		transferPath: "/v1/transfers/mobile-money",
		statusPath:   "/v1/get-status-payment/",
		listPath:     "/v1/get-all-transactions",
		balancePath:  "/v1/balance",
		operators:    networkWords("ORANGE_MONEY_CI", "MTN_MONEY_CI", "MOOV_MONEY_CI", "WAVE_CI"),
		collect:      snakeCollect, transfer: snakeTransfer, read: readSnake,
	},
	// The current pages. List and balance are in their menu without a path [our reading].
	"v1": {
		collectPath:  "/v1/collecte/mobile-money",
		transferPath: "/v1/transfer/mobile-money",
		statusPath:   "/v1/transaction/",
		listPath:     "/v1/transactions",
		balancePath:  "/v1/balance",
		operators:    networkWords("ORANGE_MONEY_CI", "MTN_MONEY_CI", "FLOOZ_MONEY_CI", "WAVE_MONEY_CI"),
		collect:      camelCollect, transfer: camelTransfer, read: readCamel,
	},
}

// networkWords returns one wire format's names of the four networks.
func networkWords(orange, mtn, moov, wave string) map[pirogue.Network]string {
	return map[pirogue.Network]string{
		pirogue.Orange: orange, pirogue.MTN: mtn, pirogue.Moov: moov, pirogue.Wave: wave,
	}
}
