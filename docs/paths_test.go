package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// namedPath matches a path of the repository in a document: a folder, a slash, and what follows.
var namedPath = regexp.MustCompile("`([a-z][a-z0-9]*/[A-Za-z0-9_.<>*/-]*)`")

// notOurs lists the first folders of paths that a run, or a person, makes.
var notOurs = []string{"bin", "secrets", "tmp", "var", "usr", "run"}

// A reader opens what a document names, so each path must exist. <operator> stands for any.
func TestPathsOfDocumentsExist(t *testing.T) {
	t.Parallel()

	var documents []string
	for _, pattern := range []string{"../*.md", "*.md", "*/*.md"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		documents = append(documents, found...)
	}
	for _, document := range documents {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, match := range namedPath.FindAllStringSubmatch(string(text), -1) {
			first, _, _ := strings.Cut(match[1], "/")
			if slices.Contains(notOurs, first) || filepath.Base(document) == "glossary.md" { // it names identifiers
				continue
			}
			found := exists(t, filepath.Join("..", match[1])) || exists(t, filepath.Join(filepath.Dir(document), match[1]))
			require.True(t, found, "%s names %s, which is not there", document, match[1])
		}
	}
}

// exists reports whether there is a path, also one without the ending of its file. A part in angle
// brackets stands for any name.
func exists(t *testing.T, path string) bool {
	t.Helper()
	pattern := regexp.MustCompile(`<\w+>`).ReplaceAllString(strings.TrimSuffix(path, "/"), "*")
	for _, ending := range []string{"", "*"} {
		found, err := filepath.Glob(pattern + ending)
		require.NoError(t, err)
		if len(found) > 0 {
			return true
		}
	}
	return false
}
