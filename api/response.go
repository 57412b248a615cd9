package api

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"time"

	"pirogue/api/httpkit"
)

// responseBody is the body of a successful response.
type responseBody[T any] struct {
	Data T `json:"data"`
}

// page is the body of a list's response.
type page[T any] struct {
	Data       []T     `json:"data"`
	NextCursor *string `json:"next_cursor"`
}

// cursors encodes cursors so that their content is not readable and clients build none themselves.
var cursors = base64.RawURLEncoding.Strict()

// cursorAfter returns the cursor of the page that begins after the row with this ID.
func cursorAfter[T ~string](id T) string { return cursors.EncodeToString([]byte(id)) }

// behind returns the ID that a page begins after. It is false for a text that is no cursor. The row
// with this ID may belong to another merchant; the page holds the owner's rows only.
func behind[T ~string](cursor string, id *regexp.Regexp) (T, bool) {
	held, err := cursors.DecodeString(cursor)
	return T(held), err == nil && id.Match(held)
}

// cursorIn returns the ID that a page begins after, "" for the first page.
func cursorIn[T ~string](q *httpkit.Query, id *regexp.Regexp) (before T) {
	q.Text("cursor", func(text string) (ok bool) {
		before, ok = behind[T](text, id)
		return ok
	})
	return before
}

// moment formats a time as Neka Paie does: RFC 3339 in UTC, to the whole second. It cuts fractions
// off, so that it never promises a customer more time than is left. The zero time is "".
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// number returns the decimal text of n, without any separator.
func number(n int64) string { return strconv.FormatInt(n, 10) }
