package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"pirogue"
	"pirogue/api/admin"
	"pirogue/lifecycle"
	"pirogue/listing"
)

// listed adds --limit to a command and returns its value, which is read when the command runs.
func listed(cmd *cobra.Command) *int {
	return cmd.Flags().Int("limit", listing.MaxPage, "how many rows at most")
}

// find returns the command that finds payments by an ID or a number.
func (tool *adminTool) find() *cobra.Command {
	cmd := &cobra.Command{
		Use: "find TERM", Args: cobra.ExactArgs(1),
		Short: "Find payments by any id: ours, the merchant's, the operator's, or a number",
	}
	limit := listed(cmd)
	cmd.RunE = asks(tool, func(cmd *cobra.Command, c *admin.Client, args []string) ([]admin.Payment, error) {
		return c.Find(cmd.Context(), args[0], *limit)
	}, table("PAYMENT TYPE STATUS AMOUNT NUMBER OPERATOR ORDER MODE CREATED", func(p admin.Payment) []string {
		return []string{
			string(p.ID), string(p.Kind), string(p.Status), money(p), p.MSISDN, string(p.Operator), p.OrderID, string(p.Mode),
			at(p.CreatedAt),
		}
	}))
	return cmd
}

// money prints a payment's amount and currency.
func money(p admin.Payment) string {
	return pirogue.Money{Minor: p.Amount, Currency: p.Currency}.String()
}

// show returns the command that prints one payment with its cases and the support actions it
// allows.
func (tool *adminTool) show() *cobra.Command {
	return &cobra.Command{
		Use: "show PAYMENT", Args: cobra.ExactArgs(1),
		Short: "Show a payment: what it waits for, its cases, and what can be done",
		RunE: asks(tool, func(cmd *cobra.Command, c *admin.Client, args []string) (admin.Details, error) {
			return c.Payment(cmd.Context(), pirogue.PaymentID(args[0]))
		}, detailsOf),
	}
}

// detailsOf returns the fields of a payment that have a value, as a table.
func detailsOf(p admin.Details) [][]string {
	waiting, failure := lifecycle.WaitState{}, pirogue.Failure{}
	if p.Waiting != nil {
		waiting = *p.Waiting
	}
	if p.Failure != nil {
		failure = *p.Failure
	}
	rows := fieldsOf(
		"payment", string(p.ID), "type", string(p.Kind), "status", string(p.Status), "amount", money(p.Payment),
		"number", p.MSISDN, "merchant", string(p.MerchantID), "order", p.OrderID, "original", string(p.ParentID),
		"mode", string(p.Mode), "country", string(p.Country), "network", string(p.Network), "operator", string(p.Operator),
		"operator's id", p.ProviderTxID, "failure", string(failure.Code), "note", failure.Note,
		"created", at(p.CreatedAt), "updated", at(p.UpdatedAt), "settled", at(p.SettledAt),
		"waits for", waiting.For, "next poll", at(waiting.NextPoll), "deadline", at(waiting.Deadline),
		"workflow", p.WorkflowID, "allowed", words(p.Allowed), "unreadable", p.Unreadable,
	)
	for _, c := range p.Cases {
		state := "open"
		if !c.ClosedAt.IsZero() {
			state = "closed " + at(c.ClosedAt)
		}
		rows = append(rows, []string{"case", fmt.Sprintf("%s, %s since %s: %s", c.Cause, state, at(c.OpenedAt), c.Note)})
	}
	return rows
}

// timeline returns the command that prints the events of a payment in their order.
func (tool *adminTool) timeline() *cobra.Command {
	return &cobra.Command{
		Use: "timeline PAYMENT", Short: "Tell everything that happened to a payment", Args: cobra.ExactArgs(1),
		RunE: asks(tool, func(cmd *cobra.Command, c *admin.Client, args []string) ([]admin.TimelineEntry, error) {
			return c.Timeline(cmd.Context(), pirogue.PaymentID(args[0]))
		}, table("AT WHO WHAT DETAILS", func(m admin.TimelineEntry) []string {
			details := ""
			if len(m.Details) > 0 {
				raw, _ := json.Marshal(m.Details) //nolint:errcheck // it was JSON a moment ago
				details = string(raw)
			}
			return []string{at(m.At), string(m.Source), m.Message, details}
		})),
	}
}

// acts returns the command that prints the audit log of one payment, or of all.
func (tool *adminTool) acts() *cobra.Command {
	cmd := &cobra.Command{Use: "acts [PAYMENT]", Short: "Read the audit log, newest first", Args: cobra.MaximumNArgs(1)}
	limit := listed(cmd)
	cmd.RunE = asks(tool, func(cmd *cobra.Command, c *admin.Client, args []string) ([]admin.AuditEntry, error) {
		id := pirogue.PaymentID("")
		if len(args) > 0 {
			id = pirogue.PaymentID(args[0])
		}
		return c.AuditEntries(cmd.Context(), id, *limit)
	}, table("AT ACTOR VERB PAYMENT DECISION REASON SUBJECT", func(a admin.AuditEntry) []string {
		decision := "under way"
		if a.Verdict != nil {
			decision = string(a.Verdict.Decision)
		}
		return []string{at(a.At), a.Actor, string(a.Verb), string(a.PaymentID), decision, a.Reason, a.Subject}
	}))
	return cmd
}
