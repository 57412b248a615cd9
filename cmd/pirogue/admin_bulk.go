package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"pirogue"
	"pirogue/api/admin"
	"pirogue/bulk"
)

// bulk returns the commands that show and cancel a bulk of any merchant.
func (tool *adminTool) bulk() *cobra.Command {
	cmd := &cobra.Command{Use: "bulk", Short: "See how a bulk stands, and cancel it"}
	show := &cobra.Command{
		Use: "show BULK", Short: "Show how a bulk and its lines stand", Args: cobra.ExactArgs(1),
		RunE: asks(tool, func(cmd *cobra.Command, c *admin.Client, args []string) (admin.Bulk, error) {
			return c.Bulk(cmd.Context(), pirogue.BulkID(args[0]))
		}, bulkOf),
	}
	cancel := &cobra.Command{
		Use: "cancel BULK", Args: cobra.ExactArgs(1),
		Short: "Cancel every line that was not sent and free its money",
	}
	cmd.AddCommand(show, tool.acting(cancel,
		func(ctx context.Context, c *admin.Client, args []string, reason string) (admin.AuditEntry, error) {
			return c.CancelBulk(ctx, pirogue.BulkID(args[0]), reason)
		}))
	return cmd
}

// bulkOf returns a bulk as a table: its own fields, then a row for each status of its lines.
func bulkOf(b admin.Bulk) [][]string {
	rows := fieldsOf(
		"bulk", string(b.ID), "merchant", string(b.MerchantID)+" "+string(b.Mode), "reference", b.Reference,
		"state", string(b.State), "lines", fmt.Sprint(b.Lines), "amount", fmt.Sprintf("%d %s", b.Amount, b.Currency),
		"country", string(b.Country), "created", at(b.CreatedAt), "started", at(b.StartedAt), "closed", at(b.ClosedAt),
	)
	for _, status := range bulk.LineStatuses {
		if n := b.Counts[status]; n > 0 {
			rows = append(rows, []string{string(status), fmt.Sprintf("%d lines, %d %s", n, b.Amounts[status], b.Currency)})
		}
	}
	return rows
}

// merchant returns the commands that suspend and resume a merchant.
func (tool *adminTool) merchant() *cobra.Command {
	cmd := &cobra.Command{Use: "merchant", Short: "Suspend a merchant, and resume it"}
	cmd.AddCommand(
		tool.turn("suspend", "Refuse a merchant's requests and send nothing of theirs that has not left",
			(*admin.Client).SuspendMerchant),
		tool.turn("resume", "Accept a suspended merchant's requests again and send what waited",
			(*admin.Client).ResumeMerchant),
	)
	return cmd
}

// turn returns a command that suspends or resumes a merchant, with a reason for the audit log.
func (tool *adminTool) turn(
	verb, short string, do func(*admin.Client, context.Context, pirogue.MerchantID, string) (admin.AuditEntry, error),
) *cobra.Command {
	cmd := &cobra.Command{Use: verb + " MERCHANT", Short: short, Args: cobra.ExactArgs(1)}
	return tool.acting(cmd, func(ctx context.Context, c *admin.Client, args []string, reason string) (admin.AuditEntry, error) {
		return do(c, ctx, pirogue.MerchantID(args[0]), reason)
	})
}
