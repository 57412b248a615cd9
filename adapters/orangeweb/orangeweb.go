// Package orangeweb calls Orange Web Payment, also called M Payment, the group's cash-in
// API at api.orange.com.
//
// Orange opens a payment session and returns the address of its own page. There the
// customer types a number and a one-time password obtained by USSD. Nobody can pay a
// session whose page was never shown. So after a lost response another session is opened,
// under another reference.
//
// A session can be paid for ten minutes, longer than our usual window. An abandoned one
// stays INITIATED for ever. Its status is readable only with the pay_token of the response
// that opened it. The API has no refund, no cancellation, no payout and no balance.
//
// Wire facts come from Orange's Web Payment guide unless a comment names another source.
package orangeweb

import (
	"pirogue"
	"pirogue/adapters/client"
	"pirogue/config"
	"pirogue/operator"
)

// adapter calls Orange Web Payment in one country.
type adapter struct {
	*client.Client

	conf  config.Operator
	clock pirogue.Clock
}

// New returns the Orange Web Payment operator of one country. It reports every mistake of
// the configuration at once. Credentials are client_id, client_secret and merchant_key.
// Environment is "dev" or the country's segment, such as "ml".
func New(conf config.Operator, clock pirogue.Clock) (operator.Operator, error) {
	c, err := client.New(&spec, conf, nil, checkConfig(conf)...)
	if err != nil {
		return nil, err
	}
	o := &adapter{Client: c, conf: conf, clock: clock}
	o.Secrets = o.secrets
	o.UseTokens(clock, o.fetchToken)
	return o, nil
}

// secrets returns the values that no stored text of Orange may contain.
func (o *adapter) secrets() []string {
	return []string{o.conf.Credentials[credClientSecret], o.conf.Credentials[credMerchantKey]}
}
