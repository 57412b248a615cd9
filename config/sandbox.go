package config

import (
	"slices"
	"strings"
	"time"

	"pirogue"
	"pirogue/operator"
	"pirogue/routing"
)

const (
	// sandboxFinalityWindow is the finality window of every simulator: a little longer than its
	// slowest test number. Real operators need a day, and nobody at a laptop waits that long.
	sandboxFinalityWindow = 7 * time.Minute
	// sandboxSpan is the least time between two refusals at the Digitalpaye and Taramoney
	// simulators. With the real operators it is ten minutes and one hour.
	sandboxSpan = 10 * time.Second
)

// sandboxAtOnce says what the simulators decide at once: the payment of a test number that pays, or is
// paid, at once.
var sandboxAtOnce = &operator.AtOnce{CashIn: true, OneStep: true, MoneyOut: true}

// sandboxOperators returns the configuration of every simulator, as a test key reaches it.
// The credentials are the simulators' own published ones and open nothing else.
func sandboxOperators(url string) []Operator {
	return []Operator{
		{
			Code: "orange-web-ml-test", Adapter: "orangeweb", Mode: pirogue.Test, Country: "ML", Network: pirogue.Orange,
			Currency: pirogue.XOF, BaseURL: url + "/orange-web", Environment: "dev", Simulator: true,
			DecidesAtOnce: sandboxAtOnce,
			Credentials: map[string]string{
				"client_id": "sandbox-client", "client_secret": "sandbox-secret", "merchant_key": "sandbox-merchant",
			},
		},
		sandboxSonatel("sonatel-ml-test", "ML", url),
		sandboxSonatel("sonatel-sn-test", "SN", url),
		sandboxNovasend("novasend-ci-test", "CI", url),
		sandboxNovasend("novasend-tg-test", "TG", url),
		sandboxNovasend("novasend-bf-test", "BF", url),
		sandboxNovasend("novasend-bj-test", "BJ", url),
		{
			Code: "digitalpaye-ci-test", Adapter: "digitalpaye", Mode: pirogue.Test, Country: "CI", Currency: pirogue.XOF,
			BaseURL: url + "/digitalpaye", Environment: "sandbox", Simulator: true,
			FinalityWindow: Duration(sandboxFinalityWindow), AbsenceProves: true, RefusalSpan: Duration(sandboxSpan),
			DecidesAtOnce: sandboxAtOnce,
			Credentials:   map[string]string{"api_key": "sandbox-key", "api_secret": "sandbox-secret"},
		},
		{
			Code: "taramoney-cm-test", Adapter: "taramoney", Mode: pirogue.Test, Country: "CM", Currency: pirogue.XAF,
			BaseURL: url + "/taramoney/api/tara", Simulator: true,
			FinalityWindow: Duration(sandboxFinalityWindow), AbsenceProves: true, RefusalSpan: Duration(sandboxSpan),
			DecidesAtOnce: sandboxAtOnce,
			Credentials: map[string]string{
				"api_key": "sandbox-key", "business_id": "sandbox-biz", "webhook_secret": "sandbox-webhook-secret",
			},
		},
	}
}

// sandboxSonatel returns the configuration of the Sonatel simulator for one country.
func sandboxSonatel(code pirogue.OperatorCode, country pirogue.CountryCode, url string) Operator {
	return Operator{
		Code: code, Adapter: "sonatel", Mode: pirogue.Test, Country: country, Network: pirogue.Orange,
		Currency: pirogue.XOF, BaseURL: url + "/sonatel", Simulator: true,
		FinalityWindow: Duration(sandboxFinalityWindow), AbsenceProves: true, DecidesAtOnce: sandboxAtOnce,
		Credentials: map[string]string{
			"client_id": "sandbox-client", "client_secret": "sandbox-secret", "msisdn": "770000001", "pin": "2468",
			"merchant_code": "100200", "merchant_name": "Pirogue", "callback_key": "sandbox-callback-key",
			"callback_secrets": "sandbox-callback-secret",
		},
	}
}

// sandboxNovasend returns the configuration of one country's account at the Novasend
// simulator.
func sandboxNovasend(code pirogue.OperatorCode, country pirogue.CountryCode, url string) Operator {
	name := strings.ToLower(string(country))
	return Operator{
		Code: code, Adapter: "novasend", Mode: pirogue.Test, Country: country, Currency: pirogue.XOF,
		BaseURL: url + "/novasend", Simulator: true,
		FinalityWindow: Duration(sandboxFinalityWindow), AbsenceProves: true, DecidesAtOnce: sandboxAtOnce,
		Credentials: map[string]string{
			"api_key": "sandbox-key-" + name, "api_client": "sandbox-client", "account_id": "sandbox-account-" + name,
			"webhook_secret": "sandbox-webhook-secret",
		},
	}
}

// sandboxRoutes returns the routes of the test mode: which simulator serves which network
// of which country.
func sandboxRoutes() []routing.Route {
	in, out := []pirogue.PaymentKind{pirogue.CashIn}, []pirogue.PaymentKind{pirogue.CashOut}
	both := slices.Concat(in, out)
	return slices.Concat(
		sandboxRoute("ML", pirogue.Orange, in, "orange-web-ml-test"),
		sandboxRoute("ML", pirogue.Orange, out, "sonatel-ml-test"),
		sandboxRoute("SN", pirogue.Orange, both, "sonatel-sn-test"),
		sandboxRoute("CI", pirogue.Orange, in, "novasend-ci-test"),
		sandboxRoute("CI", pirogue.MTN, in, "digitalpaye-ci-test"),
		sandboxRoute("CI", pirogue.Moov, in, "digitalpaye-ci-test"),
		sandboxRoute("CI", pirogue.Wave, in, "digitalpaye-ci-test"),
		sandboxRoute("CI", pirogue.Orange, out, "digitalpaye-ci-test", "novasend-ci-test"),
		sandboxRoute("CI", pirogue.MTN, out, "digitalpaye-ci-test", "novasend-ci-test"),
		sandboxRoute("CI", pirogue.Moov, out, "digitalpaye-ci-test", "novasend-ci-test"),
		sandboxRoute("CI", pirogue.Wave, out, "digitalpaye-ci-test", "novasend-ci-test"),
		sandboxRoute("TG", pirogue.Moov, both, "novasend-tg-test"),
		sandboxRoute("BF", pirogue.Orange, both, "novasend-bf-test"),
		sandboxRoute("BF", pirogue.Moov, both, "novasend-bf-test"),
		sandboxRoute("BJ", pirogue.MTN, both, "novasend-bj-test"),
		sandboxRoute("BJ", pirogue.Moov, both, "novasend-bj-test"),
		sandboxRoute("CM", pirogue.Orange, both, "taramoney-cm-test"),
		sandboxRoute("CM", pirogue.MTN, both, "taramoney-cm-test"),
	)
}

// sandboxRoute returns the test routes of one network: one route for each kind of payment,
// all with the same operators.
func sandboxRoute(
	country pirogue.CountryCode, network pirogue.Network, kinds []pirogue.PaymentKind, operators ...pirogue.OperatorCode,
) (routes []routing.Route) {
	for _, kind := range kinds {
		routes = append(routes, routing.Route{
			Mode: pirogue.Test, Country: country, Network: network, Kind: kind, Operators: operators,
		})
	}
	return routes
}
