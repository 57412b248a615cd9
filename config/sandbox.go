package config

import (
	"time"

	"pirogue"
)

// sandboxHorizon is how long a simulator may take to decide: a little longer than its
// slowest number. Real operators need a day, and nobody at a laptop waits that long.
const sandboxHorizon = 7 * time.Minute

// sandboxOperators is every simulator as a test key reaches it. The credentials are
// the simulators' own, published ones: they open nothing else.
func sandboxOperators(url string) []Operator {
	return []Operator{
		{
			Code: "orange-web-ml-test", Adapter: "orangeweb", Mode: pirogue.Test, Country: "ML", Network: pirogue.Orange,
			Currency: pirogue.XOF, BaseURL: url + "/orange-web", Environment: "dev", Simulator: true,
			Credentials: map[string]string{
				"client_id": "sandbox-client", "client_secret": "sandbox-secret", "merchant_key": "sandbox-merchant",
			},
		},
		sandboxSonatel("sonatel-ml-test", "ML", url),
		sandboxSonatel("sonatel-sn-test", "SN", url),
	}
}

// sandboxSonatel is the Sonatel simulator as one country sees it.
func sandboxSonatel(code pirogue.OperatorCode, country pirogue.CountryCode, url string) Operator {
	return Operator{
		Code: code, Adapter: "sonatel", Mode: pirogue.Test, Country: country, Network: pirogue.Orange,
		Currency: pirogue.XOF, BaseURL: url + "/sonatel", Simulator: true,
		Horizon: Duration(sandboxHorizon), AbsenceProves: true,
		Credentials: map[string]string{
			"client_id": "sandbox-client", "client_secret": "sandbox-secret", "msisdn": "770000001", "pin": "2468",
			"merchant_code": "100200", "merchant_name": "Pirogue", "callback_key": "sandbox-callback-key",
			"callback_secrets": "sandbox-callback-secret",
		},
	}
}

// sandboxRoutes is which simulator plays which country.
func sandboxRoutes() []pirogue.Route {
	return []pirogue.Route{
		sandboxRoute("ML", pirogue.CashIn, "orange-web-ml-test"),
		sandboxRoute("ML", pirogue.CashOut, "sonatel-ml-test"),
		sandboxRoute("SN", pirogue.CashIn, "sonatel-sn-test"),
		sandboxRoute("SN", pirogue.CashOut, "sonatel-sn-test"),
	}
}

func sandboxRoute(country pirogue.CountryCode, kind pirogue.Kind, operators ...pirogue.OperatorCode) pirogue.Route {
	return pirogue.Route{
		Mode: pirogue.Test, Country: country, Network: pirogue.Orange, Kind: kind, Operators: operators,
	}
}
