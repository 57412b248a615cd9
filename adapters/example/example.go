// Package example calls an imaginary operator, which collects by a prompt on the phone and pays into
// wallets. It shows how small an adapter is; see the recipe in CONTRIBUTING.md.
package example

import (
	"pirogue"
	"pirogue/adapters/client"
	"pirogue/config"
	"pirogue/operator"
)

// adapter calls one account of the operator.
type adapter struct{ *client.Client }

// New returns the operator of one account. It reports every mistake of the configuration at once
// and makes no call. Credentials are api_key and callback_secret.
func New(conf config.Operator, _ pirogue.Clock) (operator.Operator, error) {
	c, err := client.New(&spec, conf, map[string]string{"X-Api-Key": conf.Credentials["api_key"]})
	if err != nil {
		return nil, err
	}
	return adapter{c}, nil
}
