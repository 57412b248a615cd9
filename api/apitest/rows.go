package apitest

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/ids"
)

// The routes of most rows.
const (
	cashInPath   = "/payments/cashin"
	balancesPath = "/balances"
)

// Rows returns the whole table.
func Rows() []Row {
	return slices.Concat(authentication(), elsewhere(), bodies(), fields(), texts(), addresses(), moneyOut(), bulks(),
		routes(), reports(), operators())
}

// cashIn returns a good body with some fields changed. changes holds names and JSON texts in turn;
// an empty text removes the field.
func cashIn(changes ...string) string {
	names := []string{"merchant_order_id", "amount", "customer_msisdn"}
	values := map[string]string{"merchant_order_id": `"{order}"`, "amount": "500", "customer_msisdn": `"` + MSISDN + `"`}
	for change := range slices.Chunk(changes, 2) {
		name, text := change[0], change[1]
		if _, ok := values[name]; !ok {
			names = append(names, name)
		}
		values[name] = text
	}
	var pairs []string
	for _, name := range names {
		if values[name] != "" {
			pairs = append(pairs, fmt.Sprintf("%q:%s", name, values[name]))
		}
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

// words is one wrong text in a list, with the row's name.
type words struct {
	number     int
	name, text string
}

// validCashIn returns a request without any mistake.
func validCashIn() request { return post(cashInPath, cashIn()) }

// refused returns a row with an error code; its status is that of pirogue.Codes.
func refused(number int, name string, code pirogue.Code, send request) Row {
	return Row{Number: number, Name: name, Status: httpkit.InfoOf(code).HTTP, Code: code, send: send}
}

// accepted returns a row that looks wrong and is accepted.
func accepted(number int, name string, send request) Row {
	return Row{Number: number, Name: name, Status: http.StatusAccepted, send: send}
}

// field returns a row about one field of a cash-in.
func field(number int, name, field, text string, code pirogue.Code) Row {
	row := refused(number, name, code, post(cashInPath, cashIn(field, text)))
	row.Field = field
	return row
}

// stamps returns the rows of texts that are no timestamp.
func stamps() []Row {
	var rows []Row
	for _, w := range []words{
		{2, "an empty timestamp", ""},
		{2, "a timestamp in words", "abc"},
		{2, "a timestamp in milliseconds", "1714400000000"},
		{2, "a timestamp with a fraction", "1714.0"},
		{2, "a timestamp with a sign", "+1714400000"},
		{2, "a timestamp with a leading zero", "01714400000"},
		{2, "a timestamp of nine digits", "714400000"},
		{2, "a timestamp with the body behind it", `1714400000{"amount":500}`},
	} {
		rows = append(rows, refused(w.number, w.name, pirogue.TimestampOutOfRange, validCashIn().stamped(w.text)))
	}
	return rows
}

// authentication returns part A of the table.
func authentication() []Row {
	wrong := pirogue.SignatureInvalid
	reordered := `{"amount":500,"merchant_order_id":"{order}","customer_msisdn":"` + MSISDN + `"}`
	getWithBody := request{method: http.MethodGet, path: balancesPath, body: "{}"}
	return append(stamps(),
		refused(1, "no key", wrong, validCashIn().without(keyHeader)),
		refused(1, "no signature", wrong, validCashIn().without(signatureHeader)),
		refused(1, "no key on a GET", wrong, get(balancesPath).without(keyHeader)),
		refused(2, "no timestamp", pirogue.TimestampOutOfRange, validCashIn().without(timestampHeader)),
		refused(3, "a timestamp that is too old", pirogue.TimestampOutOfRange, validCashIn().late(-302*time.Second)),
		refused(3, "a timestamp that is too new", pirogue.TimestampOutOfRange, validCashIn().late(302*time.Second)),
		accepted(3, "a timestamp that is old but good", validCashIn().late(-290*time.Second)),
		accepted(3, "a timestamp that is new but good", validCashIn().late(290*time.Second)),
		refused(4, "the body moved into the timestamp", pirogue.TimestampOutOfRange,
			post(cashInPath, "").stamped("1714400000"+cashIn())),
		refused(5, "a space added after signing", wrong, post(cashInPath, cashIn()+" ").signedOver(cashIn())),
		refused(5, "fields reordered after signing", wrong,
			post(cashInPath, reordered).signedOver(cashIn())),
		refused(6, "a signature in upper case", wrong, validCashIn().resigned(strings.ToUpper)),
		refused(6, "a signature with a prefix", wrong, validCashIn().
			resigned(func(s string) string { return "sha256=" + s })),
		refused(6, "a signature of 63 characters", wrong, validCashIn().resigned(func(s string) string { return s[:63] })),
		refused(6, "a signature of 65 characters", wrong, validCashIn().resigned(func(s string) string { return s + "0" })),
		refused(6, "an empty signature", wrong, validCashIn().resigned(func(string) string { return "" })),
		refused(6, "a signature in base64", wrong, validCashIn().resigned(inBase64)),
		refused(6, "a signature with a letter g", wrong, validCashIn().
			resigned(func(s string) string { return "g" + s[1:] })),
		refused(6, "two signatures", wrong, validCashIn().edit(twice(signatureHeader))),
		refused(6, "two keys", wrong, validCashIn().edit(twice(keyHeader))),
		refused(6, "two timestamps", wrong, validCashIn().edit(twice(timestampHeader))),
		refused(7, "a key nobody has", wrong, validCashIn().with(keyHeader, ids.Key(pirogue.Test))),
		refused(7, "a key that cannot be one", wrong, validCashIn().with(keyHeader, "nk_test_' OR 1=1--")),
		refused(7, "a key that is not text", wrong, validCashIn().with(keyHeader, "nk_test_\xff\xfe")),
		refused(8, "another key's secret", wrong, validCashIn().keyed(ids.Secret())),
		Row{
			Number: 9, Name: "the same signed POST again", Status: http.StatusConflict, Code: pirogue.DuplicateOrder,
			send: validCashIn(), again: true,
		},
		refused(13, "a GET with a body", pirogue.InvalidJSON, getWithBody),
		refused(13, "a GET signed with its body", wrong, getWithBody.signedOver("{}")),
		refused(14, "the secret in the query instead of a signature", wrong,
			get(balancesPath+"?api_secret=0b2cc4").without(keyHeader, signatureHeader)),
		accepted(14, "a method in a header", validCashIn().with("X-HTTP-Method-Override", http.MethodDelete)),
		accepted(14, "a secret in the query of a POST", post(cashInPath+"?api_secret=0b2cc4", cashIn())),
	)
}

// twice repeats a header on a second line.
func twice(name string) func(http.Header) {
	return func(h http.Header) { h.Add(name, h.Get(name)) }
}

// inBase64 encodes a signature in base64, as other APIs do.
func inBase64(signature string) string {
	raw, err := hex.DecodeString(signature)
	if err != nil {
		return err.Error()
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// bodies returns part B of the table.
func bodies() []Row {
	var rows []Row
	for _, w := range []words{
		{17, "no body", ""},
		{17, "null", "null"},
		{17, "an array", "[]"},
		{17, "a string", `"x"`},
		{17, "a number", "42"},
		{18, "a body cut short", `{"amount":500`},
		{18, "a comment", `{/* five hundred */"amount":500}`},
		{18, "a trailing comma", `{"amount":500,}`},
		{18, "NaN", `{"amount":NaN}`},
		{18, "single quotes", `{'amount':500}`},
		{18, "a byte order mark", "\ufeff" + cashIn()},
		{19, "two objects", cashIn() + cashIn()},
		{19, "text behind the object", cashIn() + " x"},
		{20, "a field given twice", strings.Replace(cashIn(), `"amount"`, `"amount":100,"amount"`, 1)},
		{20, "a pair given twice", cashIn("metadata", `{"a":"1","a":"2"}`)},
		{20, "a name escaped twice", cashIn("metadata", `{"a":"1","\u0061":"2"}`)},
		{23, "bytes that are no UTF-8", cashIn("merchant_order_id", "\"{order}\xff\"")},
		{23, "half a surrogate pair", cashIn("merchant_order_id", `"{order}\ud800"`)},
		{23, "the other half", cashIn("description", `"\udc00"`)},
		{23, "halves that do not meet", cashIn("description", `"\ud83dx\ude00"`)},
		{25, "nesting 10,000 deep", cashIn("metadata", strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000))},
		{25, "nesting 17 deep", cashIn("metadata", strings.Repeat(`{"a":`, 16)+"1"+strings.Repeat("}", 16))},
	} {
		rows = append(rows, refused(w.number, w.name, pirogue.InvalidJSON, post(cashInPath, w.text)))
	}
	media := pirogue.UnsupportedMediaType
	rows = append(rows,
		field(21, "a field in another case", "AMOUNT", "9", pirogue.UnknownField),
		refused(25, "a megabyte of white space", pirogue.PayloadTooLarge, post(cashInPath, strings.Repeat(" ", 1<<20))),
		refused(25, "one byte more than 64 KiB", pirogue.PayloadTooLarge, post(cashInPath, strings.Repeat(" ", 64<<10+1))),
		refused(25, "64 KiB to the byte", pirogue.InvalidJSON, post(cashInPath, strings.Repeat(" ", 64<<10))),
		refused(26, "plain text", media, validCashIn().with("Content-Type", "text/plain")),
		refused(26, "a form", media, validCashIn().with("Content-Type", "application/x-www-form-urlencoded")),
		refused(26, "no content type", media, validCashIn().without("Content-Type")),
		refused(26, "UTF-16", media, validCashIn().with("Content-Type", "application/json; charset=utf-16")),
		refused(26, "two content types", media, validCashIn().with("Content-Type", "application/json", "text/plain")),
		accepted(26, "UTF-8 that says so", validCashIn().with("Content-Type", "application/json; charset=UTF-8")),
		refused(27, "gzip", media, validCashIn().with("Content-Encoding", "gzip")),
	)
	for _, name := range []string{"status", "fee", "merchant_id", "mode", "event"} {
		rows = append(rows, field(22, "a field of ours: "+name, name, `"x"`, pirogue.UnknownField))
	}
	return rows
}

// fields returns part C of the table, without its texts and addresses.
func fields() []Row {
	var rows []Row
	for _, text := range []string{
		"0", "-1", "-0", "1.5", "500.0", "1e3", "5E2", `"500"`, "true", "null", "{}", "[500]", "1000000000001",
		"9223372036854775807", "9223372036854775808",
	} {
		rows = append(rows, field(31, "amount "+text, "amount", text, pirogue.InvalidAmount))
	}
	for _, text := range []string{`"xof"`, `"EUR"`, `"XAF"`, `""`, "null", "952"} {
		rows = append(rows, field(33, "currency "+text+" in Mali", "currency", text, pirogue.InvalidCurrency))
	}
	for _, text := range []string{`"ml"`, `"XX"`, `"USA"`, `""`, "null", "223"} {
		rows = append(rows, field(34, "country "+text, "country_code", text, pirogue.CountryNotSupported))
	}
	for _, text := range []string{
		"76123456", "0022376123456", "+223 76 12 34 56", MSISDN + ";ext=1", "+2237612345678901", "+223" + "٧٦١٢٣٤٥٦",
		"＋22376123456", "+223761234５6", "", "+", "+22300000000", "+2237612345", "tel:" + MSISDN, MSISDN + `\n`, `\u0000`,
	} {
		rows = append(rows, field(35, "number "+text, "customer_msisdn", `"`+text+`"`, pirogue.InvalidMSISDN))
	}
	elsewhere := field(34, "Senegal with a number of Mali", "country_code", `"SN"`, pirogue.InvalidMSISDN)
	elsewhere.Field = "customer_msisdn"
	return append(rows, elsewhere,
		field(31, "no amount", "amount", "", pirogue.MissingField),
		field(31, "no order number", "merchant_order_id", "", pirogue.MissingField),
		field(31, "no number", "customer_msisdn", "", pirogue.MissingField),
		field(35, "a number that is a number", "customer_msisdn", "22376123456", pirogue.InvalidMSISDN),
		field(35, "a null number", "customer_msisdn", "null", pirogue.InvalidMSISDN),
		field(35, "a number of a country nobody serves", "customer_msisdn", `"+33612345678"`, pirogue.CountryNotSupported),
		field(36, "a network nobody has heard of", "network", `"vodafone"`, pirogue.InvalidParameter),
		accepted(33, "currency and country said as well",
			post(cashInPath, cashIn("currency", `"XOF"`, "country_code", `"ML"`))),
	)
}

// texts returns the order IDs and words of part C.
func texts() []Row {
	var rows []Row
	for _, w := range []words{
		{37, "empty", ""},
		{37, "of 65 characters", strings.Repeat("x", 65)},
		{37, "of 256 characters", strings.Repeat("x", 256)},
		{37, "with a line break", `a\nb`},
		{37, "written from right to left", "a\u202eb"},
		{37, "of spaces", "   "},
		{37, "with a space", "a b"},
		{37, "with a composed letter", "é"},
		{37, "with a decomposed letter", "e\u0301"},
		{37, "with NUL", `a\u0000b`},
	} {
		name, text := "an order number "+w.name, `"`+w.text+`"`
		rows = append(rows, field(w.number, name, "merchant_order_id", text, pirogue.InvalidOrderID))
	}
	for _, w := range []words{
		{37, "that climbs", "../{order}"},
		{37, "in HTML", "<script>{order}"},
		{37, "in Excel", "=HYPERLINK({order})"},
		{37, "in SQL", "'OR(1=1)--{order}"},
		{37, "of a placeholder", "$1{order}"},
		{37, "with %00", "%00{order}"},
	} {
		body := cashIn("merchant_order_id", `"`+w.text+`"`)
		rows = append(rows, accepted(w.number, "an order number "+w.name, post(cashInPath, body)))
	}
	for _, name := range []string{"customer_name", "description"} {
		rows = append(rows,
			field(24, "NUL in "+name, name, `"a\u0000b"`, pirogue.InvalidParameter),
			field(24, "a line break in "+name, name, `"a\nb"`, pirogue.InvalidParameter),
			field(24, "too long a "+name, name, `"`+strings.Repeat("é", 256)+`"`, pirogue.InvalidParameter),
			field(24, "a null "+name, name, "null", pirogue.InvalidParameter),
			accepted(40, "SQL in "+name, post(cashInPath, cashIn(name, `"' OR 1=1--; DROP TABLE payments; $1"`))),
			accepted(23, "an emoji in "+name, post(cashInPath, cashIn(name, `"\ud83d\ude00 \\ud800"`))),
		)
	}
	pairs := pirogue.InvalidParameter
	return append(rows,
		field(24, "NUL in a pair", "metadata", `{"cart":"a\u0000b"}`, pairs),
		field(24, "NUL in a pair's key", "metadata", `{"a\u0000":"b"}`, pairs),
		field(31, "a pair that is a number", "metadata", `{"cart":8821}`, pairs),
		field(31, "a pair that is an object", "metadata", `{"cart":{"id":"8821"}}`, pairs),
		field(31, "metadata that is a list", "metadata", `["8821"]`, pairs),
		field(31, "a null metadata", "metadata", `null`, pairs),
		field(31, "eleven pairs", "metadata", elevenPairs(), pairs),
		field(31, "a pair with a long key", "metadata", `{"`+strings.Repeat("k", 41)+`":"v"}`, pairs),
		field(31, "a pair with a long value", "metadata", `{"k":"`+strings.Repeat("v", 501)+`"}`, pairs),
		field(31, "a password that is a number", "otp", "1234", pairs),
		accepted(40, "SQL in a pair", post(cashInPath, cashIn("metadata", `{"' OR 1=1--":"$1"}`))),
	)
}

// elevenPairs returns one pair more than metadata may hold.
func elevenPairs() string {
	var pairs []string
	for i := range 11 {
		pairs = append(pairs, fmt.Sprintf(`"k%d":"v"`, i))
	}
	return "{" + strings.Join(pairs, ",") + "}"
}
