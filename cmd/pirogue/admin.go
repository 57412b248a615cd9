package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"pirogue/api/admin"
	"pirogue/store"
	"pirogue/workflows"
)

// adminTool holds the environment and the output format, which all admin commands share.
type adminTool struct {
	environ []string
	asJSON  bool
}

// adminCommand returns support's commands. All but token, verify and the first two of ask-first
// go through the admin API. So every support action has an actor, a reason and a row in the audit
// log.
func adminCommand(environ []string) *cobra.Command {
	tool := &adminTool{environ: environ}
	cmd := &cobra.Command{
		Use:   "admin",
		Short: "Support: find a payment, see why it waits, act on it safely",
		Long: "Asks the admin API at PIROGUE_SUPPORT_URL with the token in PIROGUE_SUPPORT_TOKEN. token, verify,\n" +
			"ask-first and ask-first ask work on the database itself. Whatever changes something needs --reason and is\n" +
			"in the audit log (audit).",
	}
	cmd.PersistentFlags().BoolVar(&tool.asJSON, "json", false, "print JSON instead of a table")
	cmd.AddCommand(tool.rebuild(), tool.askFirst(), tool.token(), tool.verify())
	for _, o := range operations {
		parent := cmd
		first, _, _ := strings.Cut(o.use, " ")
		if _, grouped := groups[first]; grouped {
			parent = subcommand(cmd, first)
		}
		parent.AddCommand(tool.command(o))
	}
	return cmd
}

// subcommand returns the command with a name under cmd. It adds the command of a group that has none
// yet.
func subcommand(cmd *cobra.Command, name string) *cobra.Command {
	for _, one := range cmd.Commands() {
		if one.Name() == name {
			return one
		}
	}
	group := &cobra.Command{Use: name, Short: groups[name]}
	cmd.AddCommand(group)
	return group
}

// print writes a result as indented JSON if --json is set, and as an aligned table otherwise.
func (tool *adminTool) print(out io.Writer, answer any, rows [][]string) error {
	if tool.asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(answer)
	}
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(table, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	return table.Flush()
}

// table returns a function that makes a header and one row for each line of an answer. The
// header's columns stand between spaces. An empty answer prints "nothing", so that nobody waits
// for more.
func table[T any](header string, row func(T) []string) func([]T) [][]string {
	return func(lines []T) [][]string {
		if len(lines) == 0 {
			return [][]string{{"nothing"}}
		}
		rows := [][]string{strings.Fields(header)}
		for _, line := range lines {
			rows = append(rows, row(line))
		}
		return rows
	}
}

// fieldsOf returns a table of names and values. It leaves out a pair whose value is empty.
func fieldsOf(pairs ...string) [][]string {
	var rows [][]string
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			rows = append(rows, []string{pairs[i], pairs[i+1]})
		}
	}
	return rows
}

// at prints a time for people: in UTC, to the second, "" for the zero time.
func at(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateTime)
}

// joined joins the texts of a list with spaces.
func joined[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, one := range list {
		texts[i] = string(one)
	}
	return strings.Join(texts, " ")
}

// books gives the database's check of the books to the admin API.
type books struct{ store *store.Books }

// Audit implements admin.Books.
func (s books) Audit(ctx context.Context) ([]admin.Violation, error) {
	found, err := s.store.Audit(ctx)
	violations := make([]admin.Violation, len(found))
	for i, v := range found {
		violations[i] = admin.Violation(v)
	}
	return violations, err
}

// newSupport returns the admin API. The store and Temporal's client must be open.
func (p *parts) newSupport() (*admin.Server, error) {
	db := p.store
	return admin.New(admin.Options{
		Operators: p.operatorCodes(),
		Store: admin.Store{
			Tokens: db.Tokens, Payments: db.Payments, Restarts: db.Restarts, Cases: db.Cases, Stuck: db.Worklist,
			Books: books{db.Books}, Audit: db.AuditLog, Merchants: db.Merchants, Fees: db.Merchants,
			Settlements: db.Settlements, Operators: db.Operators, AskFirst: db.AskFirst, Bulks: db.Bulks, Events: db.Webhooks,
		},
		Workflows: p.starter, Clock: p.clock, Log: p.log.Named("support"),
		PublicURL: p.conf.PublicURL, AllowLoopbackURLs: p.conf.LoopbackWebhooks,
		WorkflowID: workflows.PaymentWorkflowID,
	})
}
