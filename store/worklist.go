package store

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/support"
)

// worklist is one list of support's work: payments in the order of since and place. cause is ""
// if each row has its own cause.
type worklist struct {
	cause string
	query string
	args  map[string]any
}

// workRow is one row of a worklist.
type workRow struct {
	ID      string
	Since   timeText
	Place   string // orders rows of one time
	Cause   string // of its case, "" without one
	Message string
	Paid    int64

	list       string // the worklist's cause
	payment    pirogue.Payment
	unreadable string
}

// foundWork is a page of several worklists.
type foundWork struct {
	rows    []workRow
	next    string
	tallies []support.WorkTally
}

// readWork reads a page of several worklists, and the totals of all of them. Each list has its
// share of the page. The rest of a short list's share goes to the first list that has more.
func (db *database) readWork(
	ctx context.Context, operation string, lists []worklist, f support.WorkFilter,
) (foundWork, error) {
	places, err := placesOf(f.After)
	if err != nil {
		return foundWork{}, err
	}
	var page foundWork
	var pages [][]workRow
	err = db.report(ctx, operation, func(tx *gorm.DB) error {
		page, pages = foundWork{}, nil
		for _, l := range lists {
			tallies, err := l.tally(tx, f)
			if err != nil {
				return err
			}
			page.tallies = append(page.tallies, tallies...)
			rows, err := l.page(tx, f, places[l.cause], pageSize(f.Limit)+1)
			if err != nil {
				return err
			}
			pages = append(pages, rows)
		}
		page.rows, page.next = sharePage(pages, places, pageSize(f.Limit))
		return db.addPayments(tx, page.rows)
	})
	return page, err
}

// sharePage takes each list's share of rows, at most size in all. It returns them with the cursor
// of the next page.
func sharePage(pages [][]workRow, places map[string]workPlace, size int) (rows []workRow, next string) {
	taken := make([]int, len(pages))
	for _, share := range []int{max(1, size/max(1, len(pages))), size} { // its share, then the rest
		for i, page := range pages {
			more := min(share-min(share, taken[i]), len(page)-taken[i], size-len(rows))
			rows = append(rows, page[taken[i]:taken[i]+more]...)
			taken[i] += more
		}
	}
	left, after := false, maps.Clone(places)
	for i, page := range pages {
		if taken[i] > 0 {
			last := page[taken[i]-1]
			after[last.list] = workPlace{Since: last.Since, Place: last.Place}
		}
		left = left || taken[i] < len(page)
	}
	slices.SortStableFunc(
		rows, func(a, b workRow) int { return cmp.Compare(listRank(pages, a.list), listRank(pages, b.list)) },
	)
	if !left {
		return rows, ""
	}
	return rows, cursorOf(after)
}

// listRank returns the place of a list among those that have rows.
func listRank(pages [][]workRow, list string) int {
	return slices.IndexFunc(pages, func(page []workRow) bool { return len(page) > 0 && page[0].list == list })
}

// page reads the rows of a list behind a place, at most limit.
func (l worklist) page(tx *gorm.DB, f support.WorkFilter, after workPlace, limit int) ([]workRow, error) {
	if l.cause != "" && f.Cause != "" && f.Cause != l.cause {
		return nil, nil
	}
	args := l.arguments(f)
	args["after"], args["place"], args["limit"] = after.Since.orEarliest(), after.Place, limit
	if l.cause == "" {
		args["cause"] = f.Cause
	}
	var rows []workRow
	err := tx.Raw(fmt.Sprintf(workPage, l.query), args).Scan(&rows).Error
	for i := range rows {
		rows[i].list = l.cause
	}
	return rows, err
}

// workPage reads the rows of a list behind a place. since and place together are unique, so no
// page repeats or skips a row.
const workPage = `
SELECT s.id AS id, s.since AS since, s.place AS place, s.cause AS cause, s.message AS message, s.paid AS paid
  FROM (%s) AS s JOIN payments p ON p.id = s.id
 WHERE (s.since, s.place) > (@after, @place) AND (@cause = '' OR s.cause = @cause)` + workFilter + `
 ORDER BY s.since, s.place LIMIT @limit`

// workFilter is the condition of a pirogue.WorkFilter.
const workFilter = `
   AND (@operator = '' OR p.operator = @operator) AND (@merchant = '' OR p.merchant_id = @merchant)
   AND (@country = '' OR p.country = @country) AND (@kind = '' OR p.kind = @kind)
   AND (CAST(@before AS TEXT) IS NULL OR s.since < @before)`

// tally counts the rows of a list and the money at stake. For a case with money in suspense that
// is this money, and otherwise the payment's amount.
func (l worklist) tally(tx *gorm.DB, f support.WorkFilter) ([]support.WorkTally, error) {
	args := l.arguments(f)
	args["most"] = pirogue.MaxAmount
	var tallies []support.WorkTally
	err := tx.Raw(fmt.Sprintf(workTally, l.query), args).Scan(&tallies).Error
	for i := range tallies {
		tallies[i].Cause = cmp.Or(l.cause, tallies[i].Cause)
	}
	if l.cause == "" || len(tallies) == 0 {
		return tallies, err
	}
	return mergeTallies(tallies), err
}

// mergeTallies adds up the tallies of one cause by currency.
func mergeTallies(tallies []support.WorkTally) []support.WorkTally {
	var sums []support.WorkTally
	for _, t := range tallies {
		i := slices.IndexFunc(sums, func(s support.WorkTally) bool { return s.Currency == t.Currency })
		if i < 0 {
			sums = append(sums, t)
			continue
		}
		sums[i].Payments, sums[i].Amount = sums[i].Payments+t.Payments, sums[i].Amount+t.Amount
	}
	return sums
}

// workTally counts a list's rows by cause and currency. A payment counts at most
// pirogue.MaxAmount, so that one row never makes the sum fail.
const workTally = `
SELECT s.cause AS cause, p.currency AS currency, COUNT(*) AS payments,
       CAST(SUM(CASE WHEN s.paid > 0 THEN s.paid WHEN p.amount > @most THEN @most ELSE p.amount END)
            AS BIGINT) AS amount
  FROM (%s) AS s JOIN payments p ON p.id = s.id
 WHERE 1 = 1` + workFilter + `
 GROUP BY s.cause, p.currency
 ORDER BY s.cause, p.currency`

// arguments returns the arguments of a list's queries.
func (l worklist) arguments(f support.WorkFilter) map[string]any {
	args := map[string]any{
		"operator": string(f.Operator), "merchant": string(f.Merchant), "country": string(f.Country),
		"kind": string(f.Kind), "before": timestamp(f.Before), "cause": "",
	}
	maps.Copy(args, l.args)
	return args
}

// addPayments reads the payments of rows, of any owner. A payment that cannot be decrypted has
// only the fields that are not sealed, so that it hides no other.
func (db *database) addPayments(tx *gorm.DB, rows []workRow) error {
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	if len(ids) == 0 {
		return nil
	}
	var found []paymentRow
	if err := tx.Where("id IN ?", ids).Find(&found).Error; err != nil {
		return err
	}
	byID := make(map[string]paymentRow, len(found))
	for _, row := range found {
		byID[row.ID] = row
	}
	for i := range rows {
		p, unreadable := db.unpackPayment(byID[rows[i].ID])
		rows[i].payment, rows[i].unreadable = p, unreadableReason(unreadable)
	}
	return nil
}

// workPlace marks the end of a page of a worklist.
type workPlace struct {
	Since timeText `json:"s"`
	Place string   `json:"p"`
}

// cursorOf returns the places of all lists as one opaque text.
func cursorOf(places map[string]workPlace) string {
	raw, err := json.Marshal(places)
	if err != nil {
		return "" // a map of texts is always JSON
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// placesOf reads a cursor; "" is the beginning of all lists.
func placesOf(cursor string) (map[string]workPlace, error) {
	places := map[string]workPlace{}
	if cursor == "" {
		return places, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(raw, &places)
	}
	for _, place := range places {
		at := place.Since.time()
		if at.IsZero() || timestamp(at) != place.Since || !isStorable(place.Place) {
			err = fmt.Errorf("place %q", place)
		}
	}
	if err != nil || places == nil {
		return nil, pirogue.FieldError(pirogue.InvalidParameter, "cursor")
	}
	return places, nil
}

// OpenCases returns a page of the cases that a person must resolve, the oldest first. It fails
// with InvalidParameter for an invalid cursor.
func (db *Cases) OpenCases(ctx context.Context, f support.WorkFilter) (support.WorkPage[support.CaseView], error) {
	found, err := db.readWork(ctx, "list open cases", []worklist{{query: openCases}}, f)
	page := support.WorkPage[support.CaseView]{Next: found.next, Tallies: found.tallies}
	for _, row := range found.rows {
		c := support.Case{
			ID: support.CaseID(row.Place), PaymentID: pirogue.PaymentID(row.ID), Cause: support.Cause(row.Cause),
			Note: row.Message, Paid: row.Paid, OpenedAt: row.Since.time(),
		}
		page.Rows = append(page.Rows, support.CaseView{
			Case: c, Payment: row.payment, Allowed: c.Cause.AllowedActions(), Unreadable: row.unreadable,
		})
	}
	return page, err
}

// openCases reads the open cases as a worklist.
const openCases = `
SELECT c.payment_id AS id, c.opened_at AS since, c.id AS place, c.cause AS cause, c.note AS message, c.paid AS paid
  FROM cases c
 WHERE c.closed_at IS NULL`
