package api

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"pirogue"
)

// query reads the parameters of a URL, as strictly as form reads a body. A misspelt and ignored
// filter would show a merchant all payments in place of one customer's.
type query struct {
	values url.Values
	wrongs []pirogue.Param
}

// readQuery reads the parameters. Each must be among the allowed names and occur once.
func readQuery(raw string, allowed ...string) *query {
	values, err := url.ParseQuery(raw)
	q := &query{values: values}
	if err != nil {
		q.wrong("query")
	}
	for name, given := range values {
		if !slices.Contains(allowed, name) || len(given) != 1 {
			q.wrong(name)
		}
	}
	return q
}

// wrong adds a mistake in a parameter.
func (q *query) wrong(name string) {
	q.wrongs = append(q.wrongs, pirogue.Param{Field: name, Code: pirogue.InvalidParameter})
}

// err returns InvalidParameter with all mistakes, or nil.
func (q *query) err() error {
	if len(q.wrongs) == 0 {
		return nil
	}
	slices.SortFunc(q.wrongs, func(a, b pirogue.Param) int { return strings.Compare(a.Field, b.Field) })
	return &pirogue.Error{Code: pirogue.InvalidParameter, Params: q.wrongs}
}

// text returns a parameter, "" when it is absent. It adds a mistake when good rejects the value.
func (q *query) text(name string, good func(string) bool) string {
	if !q.values.Has(name) {
		return ""
	}
	text := q.values.Get(name)
	if !good(text) {
		q.wrong(name)
		return ""
	}
	return text
}

// number returns a whole number from low to high, or fallback when it is absent.
func (q *query) number(name string, low, high, fallback int) int {
	n := fallback
	q.text(name, func(text string) bool {
		var err error
		n, err = strconv.Atoi(text)
		return err == nil && low <= n && n <= high && strconv.Itoa(n) == text
	})
	return n
}

// moment returns an RFC 3339 time, or the zero time when it is absent.
func (q *query) moment(name string) time.Time {
	var at time.Time
	q.text(name, func(text string) bool {
		var err error
		at, err = time.Parse(time.RFC3339, text)
		return err == nil
	})
	return at.UTC()
}

// ordered adds a mistake for a period that ends before it begins. A zero time leaves its side open.
func (q *query) ordered(from, to time.Time, name string) {
	if !from.IsZero() && !to.IsZero() && to.Before(from) {
		q.wrong(name)
	}
}

// day returns an RFC 3339 time, or the first moment of a date in UTC. It returns the zero time when
// the parameter is absent.
func (q *query) day(name string) time.Time {
	if at, err := time.Parse(time.DateOnly, q.values.Get(name)); err == nil {
		return at
	}
	return q.moment(name)
}
