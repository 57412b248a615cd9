package apitest

import (
	"net/http"
	"strings"

	"pirogue"
)

// addresses returns the URLs of parts C and G. It has no URL of this machine, because configuration
// decides which of those may be called.
func addresses() []Row {
	var rows []Row
	for _, field := range []string{"return_url", "cancel_url", "notify_url"} {
		rows = append(rows, pages(field)...)
	}
	for _, w := range []words{
		{88, "a fragment", "https://shop.example/hook#x"},
		{88, "port 22", "https://shop.example:22/"},
		{88, "port 6379", "http://shop.example:6379/"},
		{88, "port 8080", "https://shop.example:8080/"},
		{89, "a private address", "https://10.0.0.1/hook"},
		{89, "a private address of a home", "https://192.168.1.1/hook"},
		{89, "cloud metadata", "http://169.254.169.254/latest/meta-data"},
		{89, "cloud metadata by IPv6", "http://[fd00:ec2::254]/"},
		{89, "carrier-grade NAT", "http://100.64.0.1/"},
		{89, "another cloud's metadata", "http://192.0.0.192/"},
		{89, "a benchmark network", "http://198.18.0.1/"},
		{89, "a reserved address", "http://240.0.0.1/"},
		{89, "this network", "http://0.0.0.0/"},
		{89, "IPv4 mapped into IPv6", "http://[::ffff:10.0.0.1]/"},
		{89, "IPv4 compatible with IPv6", "http://[::127.0.0.1]/"},
		{89, "IPv4 translated to IPv6", "http://[64:ff9b::7f00:1]/"},
		{89, "IPv4 tunnelled in IPv6", "http://[2002:7f00:1::]/"},
		{89, "a link-local address with a zone", "http://[fe80::1%25eth0]/"},
		{90, "an address in two parts", "http://127.1/"},
		{90, "an address in one number", "http://2130706433/"},
		{90, "an address in hexadecimal", "http://0x7f000001/"},
		{90, "an address with a hexadecimal part", "http://127.0.0.0x1/"},
		{90, "a name without a dot", "http://postgres/"},
		{90, "a name of a network inside", "http://db.internal/"},
	} {
		rows = append(rows, field(w.number, w.name, "notify_url", `"`+w.text+`"`, pirogue.InvalidURL))
	}
	return append(rows,
		accepted(41, "a webhook to the Internet", post(cashInPath, cashIn("notify_url", `"https://shop.example/hook?a=b"`))),
		accepted(39, "pages with a port and a fragment", post(cashInPath,
			cashIn("return_url", `"https://shop.example:8443/paid#top"`, "cancel_url", `"http://shop.example/no"`))),
	)
}

// pages returns texts that are no URL, for any field.
func pages(name string) []Row {
	var rows []Row
	for _, w := range []words{
		{39, "nothing", ""},
		{39, "a path", "/paid"},
		{39, "JavaScript", "javascript:alert(1)"},
		{39, "data", "data:text/html,x"},
		{39, "FTP", "ftp://shop.example/"},
		{39, "a file", "file:///etc/passwd"},
		{39, "a user name", "https://shop.example@evil.example/"},
		{39, "no host", "https:///paid"},
		{39, "3,000 characters", "https://shop.example/" + strings.Repeat("x", 3000)},
		{39, "a line break", `https://shop.example/\r\nX: y`},
		{39, "a space", "https://shop.example/a b"},
		{39, "NUL", `https://shop.example/\u0000`},
		{39, "a look-alike", "https://shоp.example/"},
		{39, "a backslash", `https:\\\\shop.example\\`},
	} {
		rows = append(rows, field(w.number, name+" with "+w.name, name, `"`+w.text+`"`, pirogue.InvalidURL))
	}
	return append(rows,
		field(39, "a null "+name, name, "null", pirogue.InvalidURL),
		field(39, name+" that is a list", name, `["https://shop.example/"]`, pirogue.InvalidURL),
	)
}

// routes returns the paths and methods of parts B and E.
func routes() []Row {
	query := pirogue.InvalidParameter
	rows := []Row{
		refused(29, "a slash behind the route", pirogue.NotFound, post("/payments/cashin/", cashIn())),
		refused(29, "two slashes", pirogue.NotFound, post("!//api/v1/payments/cashin", cashIn())),
		refused(29, "two slashes inside", pirogue.NotFound, post("//payments/cashin", cashIn())),
		refused(29, "a path that climbs", pirogue.NotFound, post("!/api/v1/../v1/payments/cashin", cashIn())),
		refused(29, "a path in another case", pirogue.NotFound, post("/Payments/cashin", cashIn())),
		refused(29, "an escaped path", pirogue.NotFound, post("/%70ayments/cashin", cashIn())),
		refused(29, "a route that does not exist", pirogue.NotFound, get("/nothing")),
		refused(30, "OPTIONS", pirogue.MethodNotAllowed, validCashIn().as(http.MethodOptions)),
		refused(61, "a wait in words", query, get("/payments/1?wait=long")),
		refused(61, "a wait that is too long", query, get("/payments/1?wait=26")),
		refused(61, "a negative wait", query, get("/payments/1?wait=-1")),
		refused(61, "a wait with a plus", query, get("/payments/1?wait=%2B5")),
		refused(61, "a parameter nobody knows", query, get("/payments?colour=blue")),
		refused(61, "a parameter on balances", query, get(balancesPath+"?country_code=ML")),
		refused(61, "a parameter twice", query, get("/payments?status=SUCCESS&status=FAILED")),
		refused(61, "a query that cannot be read", query, get("/payments?%zz=1")),
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodTrace} {
		rows = append(rows, refused(30, method, pirogue.MethodNotAllowed, validCashIn().as(method)))
	}
	for _, filter := range []string{
		"limit=0", "limit=-1", "limit=101", "limit=1e9", "limit=", "cursor=x", "cursor=", "status=success", "type=PAYIN",
		"country_code=ml", "operator=Orange%20Money", "merchant_order_id=%00", "merchant_order_id=", "created_from=yesterday",
		"created_to=2026-04-29", "created_from=2026-04-30T00:00:00Z&created_to=2026-04-29T00:00:00Z",
	} {
		row := refused(61, "a filter "+filter, query, get("/payments?"+filter))
		rows = append(rows, row)
	}
	return rows
}

// operators returns the callbacks of part F that need no attempt.
func operators() []Row {
	const nobody = "!/callbacks/nobody/0123456789abcdef0123456789abcdef"
	return []Row{
		refused(67, "a callback for a token nobody has", pirogue.NotFound, post(nobody, "{}")),
		refused(67, "a callback without a token", pirogue.NotFound, post("!/callbacks/nobody/", "{}")),
		refused(67, "a callback at an address nobody registered", pirogue.NotFound,
			post("!/callbacks/nobody/registered/0123456789abcdef0123456789abcdef", "{}")),
		refused(67, "a callback at an address without a token", pirogue.NotFound,
			post("!/callbacks/nobody/registered/", "{}")),
		refused(78, "a callback of two megabytes", pirogue.PayloadTooLarge, post(nobody, strings.Repeat(" ", 2<<20))),
		refused(78, "a callback in gzip", pirogue.UnsupportedMediaType, post(nobody, "{}").with("Content-Encoding", "gzip")),
		refused(82, "a callback by GET", pirogue.MethodNotAllowed, get(nobody)),
		refused(82, "a callback by PUT", pirogue.MethodNotAllowed, post(nobody, "{}").as(http.MethodPut)),
	}
}
