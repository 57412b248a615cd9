package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"pirogue/piroguetest"
)

// documents returns every document whose commands people type during an incident.
func documents(t *testing.T) map[string]string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../docs/runbooks/*.md"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, found)
		files = append(files, found...)
	}
	texts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		texts[filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file)] = string(text)
	}
	return texts
}

var (
	shellBlock = regexp.MustCompile("(?ms)^ *```sh\n(.*?)^ *```")
	sqlBlock   = regexp.MustCompile("(?ms)^ *```sql\n(.*?)^ *```")
	inlineCode = regexp.MustCompile("`pirogue ([^`…|]+)`")
	// typed matches the start of a shell line that runs pirogue.
	typed = regexp.MustCompile(`^(?:bin/pirogue|pirogue|docker compose exec (?:-\S+ |\S+="\S+" )*api /pirogue|` +
		`docker compose run --rm --no-deps api) `)
	word = regexp.MustCompile(`"[^"]*"|\S+`)
)

// Otherwise the person on call finds a command that does not exist, at night.
func TestEveryCommandOfTheRunbooksExists(t *testing.T) {
	t.Parallel()

	for name, text := range documents(t) {
		for _, block := range shellBlock.FindAllStringSubmatch(text, -1) {
			for line := range strings.Lines(strings.ReplaceAll(block[1], "\\\n", " ")) {
				line = strings.TrimSpace(line)
				line, _, _ = strings.Cut(line, " #")
				if rest := typed.FindString(line); rest != "" {
					require.NoError(t, checkCommand(strings.TrimPrefix(line, rest), true), "%s: %s", name, line)
				}
			}
		}
		for _, span := range inlineCode.FindAllStringSubmatch(text, -1) {
			require.NoError(t, checkCommand(span[1], false), "%s: %s", name, span[0])
		}
	}
}

// checkCommand fails if a command line names no command, or a flag that the command has not. A
// whole command line must also have the arguments and the required flags.
func checkCommand(line string, whole bool) error {
	var args []string
	for _, arg := range word.FindAllString(line, -1) {
		args = append(args, strings.Trim(arg, `"`))
	}
	cmd, rest, err := root(nil).Find(args)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	left := cmd.Flags().Args()
	switch {
	case !cmd.Runnable() && (whole || len(left) > 0):
		return fmt.Errorf("%q is no command of %q", left, cmd.CommandPath())
	case !whole:
		return nil
	}
	if err := cmd.ValidateArgs(left); err != nil {
		return err
	}
	return cmd.ValidateRequiredFlags()
}

// readAll runs a query and reads every row of its result.
func readAll(ctx context.Context, db *sql.DB, query string) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		continue
	}
	return rows.Err()
}

// The queries of the runbooks name columns that exist.
func TestEveryQueryOfTheRunbooksRuns(t *testing.T) {
	t.Parallel()

	url := piroguetest.Postgres(t)
	p, err := laptopParts([]string{"DATABASE_URL=" + url, "PIROGUE_KEYS=k1:" + strings.Repeat("00", 32)})
	require.NoError(t, err)
	require.NoError(t, p.openStore(t.Context()))
	require.NoError(t, p.store.Migrate(t.Context()))
	require.NoError(t, p.Close())
	db, err := sql.Open("pgx", url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	queries := 0
	for name, text := range documents(t) {
		for _, block := range sqlBlock.FindAllStringSubmatch(text, -1) {
			for query := range strings.SplitSeq(strings.TrimSpace(block[1]), ";") {
				if strings.TrimSpace(query) == "" {
					continue
				}
				require.NoError(t, readAll(t.Context(), db, query), "%s: %s", name, query)
				queries++
			}
		}
	}
	require.Positive(t, queries)
}
