package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pirogue"
	"pirogue/api/admin"
	"pirogue/listing"
	"pirogue/support"
)

// selected adds the flags of a worklist to a command. It returns a function that reads the filter
// from them. causes lists the values that --cause accepts, for the help.
func selected(cmd *cobra.Command, causes string) func() support.WorkFilter {
	var f support.WorkFilter
	var olderThan time.Duration
	flags := cmd.Flags()
	flags.StringVar(&f.Cause, "cause", "", "only this cause: "+causes)
	flags.StringVar((*string)(&f.Operator), "operator", "", "only at this operator")
	flags.StringVar((*string)(&f.Merchant), "merchant", "", "only of this merchant")
	flags.StringVar((*string)(&f.Country), "country", "", "only of this country, such as ML")
	flags.StringVar((*string)(&f.Kind), "type", "", "only CASHIN, CASHOUT or REFUND")
	flags.DurationVar(&olderThan, "older-than", 0, "only what has waited longer, such as 24h")
	flags.StringVar(&f.After, "cursor", "", "go on where a page ended")
	flags.IntVar(&f.Limit, "limit", listing.MaxPage, "how many rows a page has at most")
	return func() support.WorkFilter {
		if olderThan > 0 {
			f.Before = time.Now().Add(-olderThan)
		}
		return f
	}
}

// worklist returns a table of one page, of the totals of all pages, and of the command for the
// next page.
func worklist[T any](header string, row func(T) []string) func(admin.Worklist[T]) [][]string {
	return func(page admin.Worklist[T]) [][]string {
		rows := table(header, row)(page.Rows)
		if len(page.Tallies) > 0 {
			rows = append(rows, []string{""}, []string{"CAUSE", "PAYMENTS", "AT STAKE"})
		}
		for _, t := range page.Tallies {
			rows = append(rows, []string{
				t.Cause, fmt.Sprint(t.Payments), pirogue.Money{Minor: t.Amount, Currency: t.Currency}.String(),
			})
		}
		if page.Next != "" {
			rows = append(rows, []string{""}, []string{"more: --cursor " + page.Next})
		}
		return rows
	}
}

// readable returns the description of a row. If a part of the row cannot be decrypted, it says
// that first.
func readable(unreadable, words string) string {
	if unreadable == "" {
		return words
	}
	return unreadable + "; " + words
}

// stuck returns the command that lists the stuck payments, each with its cause.
func (tool *adminTool) stuck() *cobra.Command {
	cmd := &cobra.Command{
		Use: "stuck", Short: "List the payments that need a look, each with why", Args: cobra.NoArgs,
	}
	filter := selected(cmd, "CASE_OPEN, ANSWER_UNKNOWN, OPERATOR_SLOW, OPERATOR_DOWN, MERCHANT_SUSPENDED, "+
		"NOT_STARTED or WEBHOOK_FAILING")
	cmd.RunE = asks(tool, func(cmd *cobra.Command, c *admin.Client, _ []string) (admin.Worklist[admin.Stuck], error) {
		return c.Stuck(cmd.Context(), filter())
	}, worklist("PAYMENT CAUSE SINCE TYPE AMOUNT OPERATOR ALLOWED WORDS", func(s admin.Stuck) []string {
		return []string{
			string(s.Payment.ID), string(s.Cause), at(s.Since), string(s.Payment.Kind), money(s.Payment),
			string(s.Payment.Operator), words(s.Allowed), readable(s.Unreadable, s.Words),
		}
	}))
	return cmd
}

// cases returns the command that lists the open cases. It prints a case's ID without its payment;
// resolve accepts that form.
func (tool *adminTool) cases() *cobra.Command {
	cmd := &cobra.Command{Use: "cases", Short: "List open cases", Args: cobra.NoArgs}
	filter := selected(cmd, "such as LATE_SUCCESS or UNKNOWN_OUTCOME")
	cmd.RunE = asks(tool, func(cmd *cobra.Command, c *admin.Client, _ []string) (admin.Worklist[admin.OpenCase], error) {
		return c.Cases(cmd.Context(), filter())
	}, worklist("PAYMENT CASE OPENED STATUS AMOUNT SUSPENSE ALLOWED NOTE", func(c admin.OpenCase) []string {
		return []string{
			string(c.Payment.ID), strings.TrimPrefix(string(c.ID), string(c.Payment.ID)+"/"), at(c.OpenedAt),
			string(c.Payment.Status), money(c.Payment),
			fmt.Sprint(c.Paid), words(c.Allowed), readable(c.Unreadable, c.Note),
		}
	}))
	return cmd
}
