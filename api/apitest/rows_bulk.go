package apitest

import (
	"strings"

	"pirogue"
	"pirogue/ids"
)

// bulkPath is the route for bulks.
const bulkPath = cashOutPath + "/bulk"

// bulk returns the body of a bulk with these lines. more begins with a comma, or is "".
func bulk(lines, more string) string {
	return `{"merchant_bulk_id":"{order}","lines":[` + lines + `]` + more + `}`
}

// csvBulk returns a request with lines in CSV under the shortest header.
func csvBulk(query, lines string) request {
	return post(bulkPath+query, "merchant_order_id,amount,beneficiary_msisdn\n"+lines).with("Content-Type", "text/csv")
}

// at returns the row with the field of its first mistake.
func (row Row) at(field string) Row {
	row.Field = field
	return row
}

// bulks returns the rows of parts B to E about bulks.
func bulks() []Row {
	nobody, invalid, good := ids.New(), pirogue.InvalidParameter, cashOut("500")
	const reference, line = "?merchant_bulk_id={order}", "a,500," + MSISDN + "\n"
	second := strings.ReplaceAll(good, "{order}", "{order}-2")
	rows := []Row{
		refused(22, "a bulk with a field nobody knows", pirogue.UnknownField,
			post(bulkPath, bulk(good, `,"colour":"blue"`))),
		refused(23, "a bulk with a field twice", pirogue.InvalidJSON, post(bulkPath, bulk(good, `,"lines":[]`))),
		refused(31, "a bulk without lines", pirogue.MissingField,
			post(bulkPath, `{"merchant_bulk_id":"{order}"}`)).at("lines"),
		refused(31, "a bulk of no lines", invalid, post(bulkPath, bulk("", ""))).at("lines"),
		refused(31, "a bulk without a reference", pirogue.MissingField,
			post(bulkPath, `{"lines":[`+good+`]}`)).at("merchant_bulk_id"),
		refused(31, "a line without a number", pirogue.MissingField,
			post(bulkPath, bulk(good+`,{"merchant_order_id":"x","amount":500}`, ""))).at("lines[1].beneficiary_msisdn"),
		refused(31, "a line of nothing", pirogue.InvalidAmount, post(bulkPath, bulk(cashOut("0"), ""))).at("lines[0].amount"),
		refused(31, "a line with a fraction", pirogue.InvalidAmount,
			post(bulkPath, bulk(good+","+cashOut("1.5"), ""))).at("lines[1].amount"),
		refused(22, "a line with a field nobody knows", pirogue.UnknownField,
			post(bulkPath, bulk(`{"merchant_order_id":"x","colour":1}`, ""))).at("lines[0].colour"),
		refused(17, "a line that is no object", invalid, post(bulkPath, bulk(`"x"`, ""))).at("lines[0]"),
		refused(38, "an order number twice in one bulk", pirogue.InvalidOrderID,
			post(bulkPath, bulk(good+","+good, ""))).at("lines[1].merchant_order_id"),
		refused(49, "a bulk of more than there is", pirogue.InsufficientBalance,
			post(bulkPath, bulk(cashOut("999999")+","+strings.ReplaceAll(second, "500", "999999"), ""))),
		refused(36, "a bulk of two subsidiaries", pirogue.CountryNotSupported,
			post(bulkPath, bulk(good+","+strings.ReplaceAll(second, MSISDN, "+221770123456"), ""))).
			at("lines[1].beneficiary_msisdn"),
		refused(25, "a bulk of nine megabytes", pirogue.PayloadTooLarge, post(bulkPath, strings.Repeat(" ", 9<<20))),
		refused(21, "a bulk in a spreadsheet's own format", pirogue.UnsupportedMediaType,
			post(bulkPath, "PK").with("Content-Type", "application/vnd.ms-excel")),
		refused(21, "a cash-out in CSV", pirogue.UnsupportedMediaType,
			post(cashOutPath, line).with("Content-Type", "text/csv")),
		refused(31, "a file without a reference", pirogue.MissingField, csvBulk("", line)).at("merchant_bulk_id"),
		refused(61, "a file with a parameter nobody knows", invalid,
			csvBulk(reference+"&colour=blue", "b"+line)).at("colour"),
		refused(24, "a file that is not UTF-8", invalid, csvBulk(reference, "\xff,500,"+MSISDN)).at("file"),
		refused(24, "a file with a quote in a cell", invalid, csvBulk(reference, line+`b"c,500,`+MSISDN)).at("file"),
		refused(31, "a file with a cell missing", invalid, csvBulk(reference, line+"b,500")).at("file"),
		refused(31, "a file with a fraction", pirogue.InvalidAmount,
			csvBulk(reference, "a,500.00,"+MSISDN)).at("lines[0].amount"),
		refused(56, "a bulk nobody has", pirogue.NotFound, get(bulkPath+"/"+nobody)),
		refused(56, "the lines of a bulk nobody has", pirogue.NotFound, get(bulkPath+"/"+nobody+"/lines")),
		refused(56, "a bulk of what is no id", pirogue.NotFound, get(bulkPath+"/1")),
		refused(56, "a cancellation of a bulk nobody has", pirogue.NotFound,
			post(bulkPath+"/"+nobody+"/cancel", `{"bulk_id":"`+nobody+`"}`)),
		refused(17, "a cancellation of a list", pirogue.InvalidJSON, post(bulkPath+"/"+nobody+"/cancel", "[]")),
		refused(17, "a cancellation without a body", pirogue.InvalidJSON, post(bulkPath+"/"+nobody+"/cancel", "")),
		refused(30, "a bulk by PUT", pirogue.MethodNotAllowed, post(bulkPath, "{}").as("PUT")),
		refused(30, "a cancellation by GET", pirogue.MethodNotAllowed, get(bulkPath+"/"+nobody+"/cancel")),
	}
	for _, query := range []string{"limit=0", "limit=10001", "cursor=x", "format=xml", "locale=de", "colour=blue"} {
		rows = append(rows, refused(61, "lines of "+query, invalid, get(bulkPath+"/"+nobody+"/lines?"+query)))
	}
	elsewhere := refused(10, "a captured cash-out sent to the bulks", pirogue.SignatureReplayed, post(cashOutPath, good))
	elsewhere.then = bulkPath
	return append(rows, elsewhere)
}
