package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"pirogue"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

const (
	listSpan    = 6 * time.Hour   // one call reads this much of an operator's list
	listTimeout = 5 * time.Minute // for one such call
)

// askFirst returns the command that begins ask-first mode on a restored database, and its
// subcommands. In that mode Pirogue sends nothing and lets nothing expire: the database may lack
// payments that operators have executed.
func (tool *adminTool) askFirst() *cobra.Command {
	var since, reason, by string
	cmd := &cobra.Command{
		Use: "ask-first", Args: cobra.NoArgs,
		Short: "Say that the database was restored: nothing is sent and nothing expires until operators were asked",
		Long: "Works on the database itself. Run it on a restored database before any API or worker starts on it; see\n" +
			"docs/runbooks/restore.md. Then `ask` asks the operators, `show` shows what was found, `end` ends the mode.",
		RunE: onStore(tool.environ, func(cmd *cobra.Command, p *parts, _ []string) error {
			at, err := time.Parse(time.RFC3339, since)
			if err != nil {
				return fmt.Errorf("--since: %w", err)
			}
			return askFirstTool{p}.beginAskFirst(cmd.Context(), at, by, reason)
		}),
	}
	cmd.Flags().StringVar(&since, "since", "", "the moment to which it was restored, such as 2026-03-01T12:00:00Z")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the audit log")
	cmd.Flags().StringVar(&by, "by", "operations", "who, for the audit log")
	needed(cmd, "since", "reason")
	cmd.AddCommand(tool.askFirstAsk())
	return cmd
}

// askFirstTool runs the commands of ask-first mode that work on the database itself.
type askFirstTool struct{ *parts }

// beginAskFirst begins ask-first mode and writes an audit entry that names the actor. since is the
// restore point. The entry gives the role of finance: no token has decided it, for the command
// works on the database itself.
func (p askFirstTool) beginAskFirst(ctx context.Context, since time.Time, by, reason string) error {
	now := p.clock.Now()
	entry := support.AuditEntry{
		ID: ids.New(), At: now, Actor: by, Role: support.RoleFinance, Action: support.ActionAskFirst, Reason: reason,
		Subject: "restored to " + since.UTC().Format(time.RFC3339),
	}
	if err := p.store.AuditLog.BeginAuditEntry(ctx, entry); err != nil {
		return err
	}
	result := support.ActionResult{Decision: support.DecisionSettled, Reason: "Operators are asked first."}
	err := p.store.AskFirst.BeginAskFirst(ctx, lifecycle.AskFirst{
		ID: entry.ID, Since: since, Begun: now, Actor: by, Reason: reason,
	})
	if err != nil {
		result = support.ActionResult{Decision: support.DecisionRefused, Reason: err.Error()}
	}
	return errors.Join(err, p.store.AuditLog.EndAuditEntry(ctx, entry.ID, result, p.clock.Now()))
}

// askFirstAsk returns the command that reads Temporal's workflows and every operator's list since
// the restore point. It keeps what the database does not know. It may run again: it finds the
// same once.
func (tool *adminTool) askFirstAsk() *cobra.Command {
	return &cobra.Command{
		Use: "ask", Args: cobra.NoArgs,
		Short: "Read every operator's list and Temporal's workflows since the restore point; may be run again",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withParts(cmd.Context(), tool.environ, func(ctx context.Context, p *parts) error {
				mode, err := p.store.AskFirst.AskFirst(ctx)
				if err != nil {
					return err
				}
				asking, since := askFirstTool{p}, mode.Since.Add(-lifecycle.AskFirstMargin)
				failed := []error{asking.askTemporal(ctx, since)}
				for _, code := range p.operatorCodes() {
					said, err := asking.readList(ctx, code, since)
					if err == nil {
						fmt.Fprintln(cmd.OutOrStdout(), string(code)+":", said)
					}
					failed = append(failed, err)
				}
				return errors.Join(failed...)
			})
		},
	}
}

// askTemporal keeps each workflow that started since the restore point and has no row in the
// database.
func (p askFirstTool) askTemporal(ctx context.Context, since time.Time) error {
	at := p.clock.Now()
	err := p.starter.StartedSince(ctx, since, func(page []lifecycle.LostRow) error {
		lost, err := p.lost(ctx, page)
		return errors.Join(err, p.store.AskFirst.KeepLost(ctx, lost))
	})
	if err != nil {
		return fmt.Errorf("temporal: %w", err)
	}
	return p.store.AskFirst.TemporalAsked(ctx, at)
}

// lost returns the workflows of a page that have no row, each with the references it names.
func (p askFirstTool) lost(ctx context.Context, page []lifecycle.LostRow) ([]lifecycle.LostRow, error) {
	rows := map[lifecycle.FollowedKind][]string{}
	for _, l := range page {
		rows[l.What] = append(rows[l.What], l.ID)
	}
	missing := map[string]bool{}
	for what, all := range rows {
		gone, err := p.store.AskFirst.Missing(ctx, what, all)
		if err != nil {
			return nil, err
		}
		for _, id := range gone {
			missing[id] = true
		}
	}
	var lost []lifecycle.LostRow
	for _, l := range page {
		if !missing[l.ID] {
			continue
		}
		named, err := p.starter.Named(ctx, l)
		if err != nil {
			return nil, err
		}
		lost = append(lost, named)
	}
	return lost, nil
}

// readList reads an operator's own list from since until the present. It keeps each line that
// matches no attempt of ours. It returns a sentence for the person at the terminal: the number of
// lines, or that the operator has no list.
func (p askFirstTool) readList(ctx context.Context, code pirogue.OperatorCode, since time.Time) (string, error) {
	lister, lists := p.instances[code].Operator.(operator.StatementReader)
	if !lists {
		return "has no list: a person has to look", nil
	}
	until := p.clock.Now()
	var lines []operator.StatementLine
	for from := since; from.Before(until); from = from.Add(listSpan) {
		to := from.Add(listSpan)
		if to.After(until) {
			to = until
		}
		asking, stop := context.WithTimeout(ctx, listTimeout)
		page, err := lister.Statement(asking, from, to)
		stop()
		if err != nil {
			return "", fmt.Errorf("operator %s: %w", code, err)
		}
		lines = append(lines, page...)
	}
	return fmt.Sprintf("%d lines read", len(lines)), p.store.AskFirst.OperatorListed(ctx, code, until, lines)
}
