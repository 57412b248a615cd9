package admin

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/api/httpkit"
)

// readBody reads the request's JSON object into a struct; see httpkit.DecodeStruct. It refuses a field
// that the struct lacks, because a misspelt and ignored option would change the action's meaning.
func readBody(c *gin.Context, into any) error {
	if err := httpkit.CheckContentType(c.Request.Header, "application/json"); err != nil {
		return err
	}
	raw, err := httpkit.ReadBody(c, maxBody)
	if err != nil {
		return err
	}
	return httpkit.DecodeStruct(raw, into)
}

// readReason reads the body of an action whose only field is its reason.
func readReason(c *gin.Context) (string, error) {
	var body reasonBody
	if err := readBody(c, &body); err != nil {
		return "", err
	}
	return body.Reason, demand(body.rule())
}

// rule is a condition on one field of a body.
type rule struct {
	field   string
	missing bool
	good    bool
}

// demand names every field that breaks its rule, in one error.
func demand(rules ...rule) error {
	var wrongs []pirogue.Param
	for _, r := range rules {
		switch {
		case r.missing:
			wrongs = append(wrongs, pirogue.Param{Field: r.field, Code: pirogue.MissingField})
		case !r.good:
			wrongs = append(wrongs, pirogue.Param{Field: r.field, Code: pirogue.InvalidParameter})
		}
	}
	if len(wrongs) == 0 {
		return nil
	}
	return &pirogue.Error{Code: wrongs[0].Code, Params: wrongs}
}

// needed requires a text of one line with at most limit characters.
func needed(field, text string, limit int) rule {
	return rule{field: field, missing: strings.TrimSpace(text) == "", good: isLine(text, limit)}
}

// isLine reports whether text is one line of at most limit characters.
func isLine(text string, limit int) bool {
	return utf8.RuneCountInString(text) <= limit && !strings.ContainsFunc(text, unicode.IsControl)
}
