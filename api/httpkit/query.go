package httpkit

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"pirogue"
)

// Query reads the parameters of a URL as strictly as a body, and collects the mistakes. A misspelt and ignored
// filter would show a merchant all payments in place of one customer's.
type Query struct {
	values url.Values
	wrongs []pirogue.Param
}

// ReadQuery reads the parameters. Each must be among the allowed names and occur once.
func ReadQuery(raw string, allowed ...string) *Query {
	values, err := url.ParseQuery(raw)
	q := &Query{values: values}
	if err != nil {
		q.Wrong("query")
	}
	for name, given := range values {
		if !slices.Contains(allowed, name) || len(given) != 1 {
			q.Wrong(name)
		}
	}
	return q
}

// Wrong adds a mistake in a parameter.
func (q *Query) Wrong(name string) {
	q.wrongs = append(q.wrongs, pirogue.Param{Field: name, Code: pirogue.InvalidParameter})
}

// Err returns InvalidParameter with all mistakes, or nil.
func (q *Query) Err() error {
	if len(q.wrongs) == 0 {
		return nil
	}
	slices.SortFunc(q.wrongs, func(a, b pirogue.Param) int { return strings.Compare(a.Field, b.Field) })
	return &pirogue.Error{Code: pirogue.InvalidParameter, Params: q.wrongs}
}

// Text returns a parameter, "" when it is absent. It adds a mistake when good rejects the value.
func (q *Query) Text(name string, good func(string) bool) string {
	if !q.values.Has(name) {
		return ""
	}
	text := q.values.Get(name)
	if !good(text) {
		q.Wrong(name)
		return ""
	}
	return text
}

// Number returns a whole number from low to high, or fallback when it is absent.
func (q *Query) Number(name string, low, high, fallback int) int {
	n := fallback
	q.Text(name, func(text string) bool {
		var err error
		n, err = strconv.Atoi(text)
		return err == nil && low <= n && n <= high && strconv.Itoa(n) == text
	})
	return n
}

// Time returns an RFC 3339 time, or the zero time when it is absent.
func (q *Query) Time(name string) time.Time {
	var at time.Time
	q.Text(name, func(text string) bool {
		var err error
		at, err = time.Parse(time.RFC3339, text)
		return err == nil
	})
	return at.UTC()
}

// Ordered adds a mistake for a period that ends before it begins. A zero time leaves its side open.
func (q *Query) Ordered(from, to time.Time, name string) {
	if !from.IsZero() && !to.IsZero() && to.Before(from) {
		q.Wrong(name)
	}
}

// Day returns an RFC 3339 time, or the first moment of a date in UTC. It returns the zero time when
// the parameter is absent.
func (q *Query) Day(name string) time.Time {
	if at, err := time.Parse(time.DateOnly, q.values.Get(name)); err == nil {
		return at
	}
	return q.Time(name)
}
