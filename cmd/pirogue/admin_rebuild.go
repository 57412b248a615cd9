package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"pirogue/api/admin"
	"pirogue/lifecycle"
)

// rebuild returns the command that starts lost workflows again, or lists them with --dry-run.
func (tool *adminTool) rebuild() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rebuild", Args: cobra.NoArgs,
		Short: "Start workflows again that Temporal has lost; the sweep does it by itself within minutes",
		Long: "Starts the workflow of every payment, bulk and webhook again that has something to do and none. With\n" +
			"--dry-run it lists them and starts none, and says of what not every row could be looked at in time.",
	}
	dryRun := cmd.Flags().Bool("dry-run", false, "only list what would be started")
	reason := cmd.Flags().String("reason", "", "why, for the audit log; not needed with --dry-run")
	blocked := cmd.Flags().Bool("blocked", false, "instead those that are open and cannot go on: see docs/runbooks")
	expect := cmd.Flags().Int("expect", 0, "with --blocked: how many --dry-run has listed")
	lost := reads(func(ctx context.Context, c *admin.Client, _ *input) (admin.Lost, error) {
		if *blocked {
			found, err := c.Blocked(ctx)
			return admin.Lost{Found: found}, err
		}
		return c.Lost(ctx)
	}, lostRows)
	restart := acts(func(ctx context.Context, c *admin.Client, in *input) (admin.AuditEntry, error) {
		if *blocked {
			return c.RebuildBlocked(ctx, *expect, in.reason)
		}
		return c.Rebuild(ctx, in.reason)
	})
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		switch {
		case *dryRun:
			return tool.run(cmd, lost, &input{})
		case *reason == "":
			return errors.New("--reason is needed: why, for the audit log")
		case *blocked && *expect == 0:
			return errors.New("--expect is needed: how many --blocked --dry-run has listed")
		default:
			return tool.run(cmd, restart, &input{reason: *reason})
		}
	}
	return cmd
}

// lostRows returns the table of lost workflows. Its last rows name each kind of row of which the
// command could not check all.
func lostRows(lost admin.Lost) [][]string {
	rows := table("WHAT ID WHY", func(w lifecycle.LostWorkflow) []string {
		return []string{string(w.What), w.ID, w.Why}
	})(lost.Found)
	for _, kind := range lost.NotAll {
		rows = append(rows, []string{string(kind), "more", "not every row could be looked at"})
	}
	return rows
}
