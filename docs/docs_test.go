// Package docs_test keeps the documents that are made from the code equal to it.
package docs_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
)

var update = flag.Bool("update", false, "write the documents instead of comparing them")

func TestErrorsDocumentIsTheTable(t *testing.T) {
	t.Parallel()

	compare(t, "errors.md", errorsDocument())
}

func TestStatesDocumentNamesEveryStatus(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("states.md")
	require.NoError(t, err)
	for _, status := range pirogue.Statuses {
		require.Contains(t, string(text), "| "+string(status)+" |")
	}
}

func TestTheContractListsEveryErrorCode(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../api/openapi.yaml")
	require.NoError(t, err)
	for _, row := range pirogue.Codes {
		require.Regexp(t, `(?m)^\s+- `+string(row.Code)+`$`, string(text))
	}
}

func errorsDocument() string {
	var b strings.Builder
	b.WriteString("# Codes d'erreur · Error codes\n\n" +
		"Made from the table in `codes.go` by `go test ./docs -update`; do not edit.\n\n" +
		"Chaque échec répond `{\"error\": \"…\", \"code\": \"…\", \"request_id\": \"…\", \"doc_url\": \"…\"}` ; `code` n'est jamais traduit.\n" +
		"Every failure answers with this object; `code` is never translated.\n\n" +
		"| HTTP | Code | Français | English |\n| --- | --- | --- | --- |\n")
	for _, row := range pirogue.Codes {
		fmt.Fprintf(&b, "| %d | %s | %s | %s |\n", row.HTTP, row.Code, row.Text.FR, row.Text.EN)
	}
	b.WriteString("\n## `failure.code`\n\nPourquoi un paiement est FAILED ou EXPIRED. · Why a payment is FAILED or EXPIRED.\n\n" +
		"| Code | Français | English |\n| --- | --- | --- |\n")
	for _, code := range []pirogue.FailureCode{
		pirogue.FailedDeclined, pirogue.FailedRefused, pirogue.FailedUnavailable, pirogue.FailedNoAnswer, pirogue.FailedNotStarted,
		pirogue.FailedUnconfirmed, pirogue.FailedBySupport, pirogue.FailedInPart, pirogue.FailedOtherwise,
		pirogue.FailedCancelled,
	} {
		text := pirogue.FailureTexts[code]
		fmt.Fprintf(&b, "| %s | %s | %s |\n", code, text.FR, text.EN)
	}
	return b.String()
}

func compare(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "run go test ./docs -update")
}
