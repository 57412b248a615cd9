package config

import "pirogue"

// sandboxOperators is every simulator as a test key reaches it. The credentials are
// the simulators' own, published ones: they open nothing else.
func sandboxOperators(url string) []Operator {
	return []Operator{{
		Code: "orange-web-ml-test", Adapter: "orangeweb", Mode: pirogue.Test, Country: "ML", Network: pirogue.Orange,
		Currency: pirogue.XOF, BaseURL: url + "/orange-web", Environment: "dev", Simulator: true,
		Credentials: map[string]string{
			"client_id": "sandbox-client", "client_secret": "sandbox-secret", "merchant_key": "sandbox-merchant",
		},
	}}
}

// sandboxRoutes is which simulator plays which country.
func sandboxRoutes() []pirogue.Route {
	return []pirogue.Route{{
		Mode: pirogue.Test, Country: "ML", Network: pirogue.Orange, Kind: pirogue.CashIn,
		Operators: []pirogue.OperatorCode{"orange-web-ml-test"},
	}}
}
