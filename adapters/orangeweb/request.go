package orangeweb

import (
	"strings"
	"unicode/utf8"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/config"
	"pirogue/operator"
)

// The credentials of an instance. One application at Orange serves dev and one country, so
// every country has its own.
const (
	credClientID     = "client_id"
	credClientSecret = "client_secret"
	credMerchantKey  = "merchant_key"
)

// environmentDev is the path segment of Orange's test system.
const environmentDev = "dev"

// lang is the language of Orange's page.
const lang = "fr"

// check returns every mistake of a configuration that is specific to Orange.
func check(conf config.Operator) outbound.Mistakes {
	var m outbound.Mistakes
	for _, name := range []string{credClientID, credClientSecret, credMerchantKey} {
		m.If(conf.Credentials[name] == "", "credential %s is missing", name)
	}
	isDev := conf.Environment == environmentDev
	m.If(conf.Environment == "", "environment is missing")
	m.If(isDev && conf.Mode == pirogue.Live, "environment dev moves play money and cannot serve live keys")
	m.If(conf.Environment != "" && !isDev && conf.Environment != strings.ToLower(string(conf.Country)),
		"environment %q is neither dev nor the segment of country %s", conf.Environment, conf.Country)
	m.If(conf.Currency == "" || conf.Currency == currencyDev, "currency %q is not a national one", conf.Currency)
	return m
}

// acceptable returns Unable for a collection that Orange can never accept. Nothing is sent:
// Orange would refuse the call too and use up the order_id.
func (o *adapter) acceptable(c operator.CollectRequest) error {
	if err := o.Limits.CheckOrder(outbound.CollectSubmission(c)); err != nil {
		return err
	}
	addresses := []struct{ field, url string }{
		{"return_url", c.ReturnURL}, {"cancel_url", c.CancelURL}, {"notif_url", c.CallbackURL},
	}
	for _, a := range addresses {
		if n := utf8.RuneCountInString(a.url); n > maxURL {
			return pirogue.Errorf(operator.Unable, "not sent: %s has %d characters, Orange takes %d", a.field, n, maxURL)
		}
	}
	return nil
}

// session returns the body of POST webpayment.
func (o *adapter) session(c operator.CollectRequest) sessionRequest {
	currency := string(o.conf.Currency)
	if o.conf.Environment == environmentDev {
		currency = currencyDev
	}
	return sessionRequest{
		MerchantKey: o.conf.Credentials[credMerchantKey],
		Currency:    currency,
		OrderID:     string(c.Ref),
		Amount:      c.Amount.Minor,
		ReturnURL:   c.ReturnURL,
		CancelURL:   c.CancelURL,
		NotifURL:    c.CallbackURL,
		Lang:        lang,
		Reference:   outbound.Cut(c.Payee, maxReference),
	}
}

// path returns the path of one of Orange's two calls.
func (o *adapter) path(call string) string {
	return "/orange-money-webpay/" + o.conf.Environment + "/v1/" + call
}
