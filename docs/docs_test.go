// Package docs_test compares the documents that are generated from code with that code.
package docs_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/webhook"
)

var update = flag.Bool("update", false, "write the documents instead of comparing them")

// A merchant reads docs/errors.md, so it must equal the table in codes.go.
func TestErrorsDocumentIsTheTable(t *testing.T) {
	t.Parallel()

	compare(t, "errors.md", errorsDocument())
}

// A status without a description would surprise a merchant.
func TestStatesDocumentNamesEveryStatus(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("states.md")
	require.NoError(t, err)
	for _, status := range pirogue.Statuses {
		require.Contains(t, string(text), "| "+string(status)+" |")
	}
}

// Generated clients know only the codes in openapi.yaml.
func TestTheContractListsEveryErrorCode(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../api/openapi.yaml")
	require.NoError(t, err)
	for _, row := range httpkit.Codes {
		require.Regexp(t, `(?m)^\s+- `+string(row.Code)+`$`, string(text))
	}
}

func errorsDocument() string {
	var b strings.Builder
	b.WriteString("# Codes d'erreur · Error codes\n\n" +
		"Made from the table in `codes.go` by `go test ./docs -update`; do not edit.\n\n" +
		"Chaque échec répond `{\"error\": \"…\", \"code\": \"…\", \"request_id\": \"…\", " +
		"\"doc_url\": \"…\"}` ; `code` n'est jamais traduit.\n" +
		"Every failure answers with this object; `code` is never translated.\n\n" +
		"| HTTP | Code | Français | English |\n| --- | --- | --- | --- |\n")
	for _, row := range httpkit.Codes {
		fmt.Fprintf(&b, "| %d | %s | %s | %s |\n", row.HTTP, row.Code, row.Text.FR, row.Text.EN)
	}
	b.WriteString(
		"\n## `failure.code`\n\nPourquoi un paiement est FAILED ou EXPIRED. · Why a payment is FAILED or EXPIRED.\n\n" +
			"| Code | Français | English |\n| --- | --- | --- |\n")
	for _, code := range []pirogue.FailureCode{
		pirogue.FailedDeclined, pirogue.FailedRefused, pirogue.FailedUnavailable, pirogue.FailedNotPaid,
		pirogue.FailedNotStarted,
		pirogue.FailedUnconfirmed, pirogue.FailedBySupport, pirogue.FailedInPart, pirogue.FailedOtherwise,
		pirogue.FailedCancelled,
	} {
		text := webhook.FailureTexts[code]
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

// link matches a relative link of a document, with its anchor.
var link = regexp.MustCompile(`\]\(([^):#]*)(?:#([^)]*))?\)`)

// A person on call follows links in a hurry: none may be dead.
func TestLinksOfDocumentsLeadSomewhere(t *testing.T) {
	t.Parallel()

	var documents []string
	for _, pattern := range []string{"../*.md", "*.md", "*/*.md", "samples/*/*.md"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		documents = append(documents, found...)
	}
	for _, document := range documents {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, match := range link.FindAllStringSubmatch(string(text), -1) {
			target := document
			if match[1] != "" {
				target = filepath.Join(filepath.Dir(document), match[1])
			}
			_, err := os.Stat(target)
			require.NoError(t, err, "%s links %s", document, match[0])
			if match[2] != "" {
				require.Contains(t, anchorsOf(t, target), match[2], "%s links %s", document, match[0])
			}
		}
	}
}

// A runbook that the index lacks is not found in an incident.
func TestTheIndexListsEveryRunbook(t *testing.T) {
	t.Parallel()

	index, err := os.ReadFile("runbooks/README.md")
	require.NoError(t, err)
	pages, err := filepath.Glob("runbooks/*.md")
	require.NoError(t, err)
	for _, page := range pages {
		name := filepath.Base(page)
		require.True(t, name == "README.md" || strings.Contains(string(index), "]("+name+")"), "%s is not in the index", name)
	}
}

// heading matches a heading of a document.
var heading = regexp.MustCompile(`(?m)^#+ (.+)$`)

// anchorsOf returns the anchors of a document's headings.
func anchorsOf(t *testing.T, document string) []string {
	t.Helper()
	text, err := os.ReadFile(document)
	require.NoError(t, err)
	var anchors []string
	for _, match := range heading.FindAllStringSubmatch(string(text), -1) {
		words := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(match[1]), "")
		anchors = append(anchors, strings.ReplaceAll(words, " ", "-"))
	}
	return anchors
}
