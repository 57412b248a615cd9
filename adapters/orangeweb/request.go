package orangeweb

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/config"
)

// The credentials of an instance. One application at Orange is good for dev and one
// country, so every country has its own.
const (
	credClientID     = "client_id"
	credClientSecret = "client_secret"
	credMerchantKey  = "merchant_key"
)

// environmentDev is the path segment of Orange's test system.
const environmentDev = "dev"

// lang is the language of Orange's page.
const lang = "fr"

// check reports every mistake of a configuration that is Orange's to make.
func check(conf config.Operator) error {
	var mistakes []error
	for _, name := range []string{credClientID, credClientSecret, credMerchantKey} {
		if conf.Credentials[name] == "" {
			mistakes = append(mistakes, fmt.Errorf("credential %s is missing", name))
		}
	}
	switch conf.Environment {
	case "":
		mistakes = append(mistakes, errors.New("environment is missing"))
	case environmentDev:
		if conf.Mode == pirogue.Live {
			mistakes = append(mistakes, errors.New("environment dev moves play money and cannot serve live keys"))
		}
	case strings.ToLower(string(conf.Country)):
	default:
		mistakes = append(mistakes, fmt.Errorf("environment %q is neither dev nor the segment of country %s",
			conf.Environment, conf.Country))
	}
	if conf.Currency == "" || conf.Currency == currencyDev {
		mistakes = append(mistakes, fmt.Errorf("currency %q is not a national one", conf.Currency))
	}
	return errors.Join(mistakes...)
}

// acceptable fails with Unable for a collection that Orange could never accept.
// Nothing is sent: asking would be refused too, after burning the order_id.
func (o *operator) acceptable(c pirogue.Collection) error {
	switch {
	case c.Amount.Currency != o.conf.Currency:
		return pirogue.Errorf(pirogue.Unable, "not sent: %s where Orange collects %s", c.Amount, o.conf.Currency)
	case c.Amount.Minor <= 0:
		return pirogue.Errorf(pirogue.Unable, "not sent: amount %s", c.Amount)
	case c.Ref == "" || len(c.Ref) > maxOrderID:
		return pirogue.Errorf(pirogue.Unable, "not sent: order_id must have 1 to %d characters", maxOrderID)
	}
	addresses := []struct{ field, url string }{
		{"return_url", c.ReturnURL}, {"cancel_url", c.CancelURL}, {"notif_url", c.CallbackURL},
	}
	for _, a := range addresses {
		if n := utf8.RuneCountInString(a.url); n > maxURL {
			return pirogue.Errorf(pirogue.Unable, "not sent: %s has %d characters, Orange takes %d", a.field, n, maxURL)
		}
	}
	return nil
}

// session returns the body of POST webpayment.
func (o *operator) session(c pirogue.Collection) sessionRequest {
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
func (o *operator) path(call string) string {
	return "/orange-money-webpay/" + o.conf.Environment + "/v1/" + call
}
