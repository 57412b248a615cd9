package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pirogue"
	"pirogue/api/admin"
	"pirogue/support"
)

// acting adds the required --reason to a command that carries out a support action; see
// carriesOut.
func (tool *adminTool) acting(
	cmd *cobra.Command, do func(context.Context, *admin.Client, []string, string) (admin.AuditEntry, error),
) *cobra.Command {
	reason := cmd.Flags().String("reason", "", "why, for the audit log")
	needed(cmd, "reason")
	cmd.RunE = tool.carriesOut(reason, do)
	return cmd
}

// carriesOut adapts a support action to a command. It prints a refused action too. The command
// then fails with the reason of the refusal, so that a script sees it in the exit status.
func (tool *adminTool) carriesOut(
	reason *string, do func(context.Context, *admin.Client, []string, string) (admin.AuditEntry, error),
) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		var refused error
		err := asks(tool, func(cmd *cobra.Command, c *admin.Client, args []string) (admin.AuditEntry, error) {
			act, err := do(cmd.Context(), c, args, *reason)
			if act.ID != "" {
				refused, err = err, nil
			}
			return act, err
		}, actOf)(cmd, args)
		if err != nil {
			return err
		}
		return refused
	}
}

// auditEntryOf returns the result of a support action as a table. An action without a result is under
// way: the payment's workflow has taken it.
func actOf(a admin.AuditEntry) [][]string {
	verdict := support.ActionResult{Decision: "under way", Reason: "the payment's workflow has it; see acts"}
	if a.Verdict != nil {
		verdict = *a.Verdict
	}
	return fieldsOf(
		"act", a.ID, "verb", string(a.Verb), "payment", string(a.PaymentID), "subject", a.Subject,
		"decision", string(verdict.Decision), "because", verdict.Reason, "evidence", verdict.Evidence,
		"status", string(verdict.Status),
	)
}

// needed makes flags required. It panics on a flag that the command has not: a mistake in this
// program.
func needed(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(fmt.Sprintf("command %s has no flag %s: %v", cmd.Name(), name, err))
		}
	}
}

// press returns the command of a support action that takes a payment and a reason, and nothing
// else.
func (tool *adminTool) press(
	verb, short string, do func(*admin.Client, context.Context, pirogue.PaymentID, string) (admin.AuditEntry, error),
) *cobra.Command {
	cmd := &cobra.Command{Use: verb + " PAYMENT", Short: short, Args: cobra.ExactArgs(1)}
	return tool.acting(cmd, func(ctx context.Context, c *admin.Client, args []string, reason string) (admin.AuditEntry, error) {
		return do(c, ctx, pirogue.PaymentID(args[0]), reason)
	})
}

// resolve returns the command that settles a case with evidence. A second person has to repeat
// it.
func (tool *adminTool) resolve() *cobra.Command {
	cmd := &cobra.Command{
		Use: "resolve PAYMENT", Args: cobra.ExactArgs(1),
		Short: "Settle with evidence what the operator cannot tell; a second person confirms",
	}
	as := cmd.Flags().String("as", "",
		"paid or unpaid for an unknown outcome, also paid_in_part for money that left otherwise than ordered;\n"+
			"return (to the payer) or placed (by hand) for stray money")
	evidence := cmd.Flags().String("evidence", "", "where it can be seen, such as a line of the operator's statement")
	caseID := cmd.Flags().String("case", "", "which case, as cases shows it; default the payment's only open one")
	needed(cmd, "as", "evidence")
	return tool.acting(cmd, func(ctx context.Context, c *admin.Client, args []string, reason string) (admin.AuditEntry, error) {
		return c.Resolve(ctx, pirogue.PaymentID(args[0]), admin.Resolution{
			As: support.Resolution(*as), Evidence: *evidence, CaseID: caseOf(args[0], *caseID),
		}, reason)
	})
}

// caseOf returns the ID of a payment's case. It accepts the whole ID and the short form that
// `admin cases` prints, which leaves the payment out. "" stays "".
func caseOf(payment, shown string) support.CaseID {
	if shown == "" || strings.HasPrefix(shown, payment+"/") {
		return support.CaseID(shown)
	}
	return support.NewCaseID(pirogue.PaymentID(payment), support.Cause(shown))
}

// resend returns the command that sends a payment's webhook again.
func (tool *adminTool) resend() *cobra.Command {
	cmd := &cobra.Command{
		Use: "resend PAYMENT", Short: "Tell the merchant again how a payment ended", Args: cobra.ExactArgs(1),
	}
	event := cmd.Flags().String("event", "", "which event; default the latest")
	return tool.acting(cmd, func(ctx context.Context, c *admin.Client, args []string, reason string) (admin.AuditEntry, error) {
		return c.Resend(ctx, pirogue.PaymentID(args[0]), pirogue.EventID(*event), reason)
	})
}

// payout returns the command that books a merchant's settlement to its bank. The bank's reference
// makes a repeated command harmless.
func (tool *adminTool) payout() *cobra.Command {
	cmd := &cobra.Command{
		Use: "payout MERCHANT", Args: cobra.ExactArgs(1),
		Short: "Book money that was sent to a merchant's bank, once for its --id",
	}
	p, live := admin.Settlement{Mode: pirogue.Test}, false
	cmd.Flags().StringVar(&p.ID, "id", "", "the bank's reference: the same one is booked once")
	cmd.Flags().StringVar((*string)(&p.Country), "country", "", "which balance, such as ML")
	cmd.Flags().Int64Var(&p.Amount, "amount", 0, "in minor units of the country's currency")
	cmd.Flags().StringVar(&p.Note, "note", "", "for the merchant's accountant")
	cmd.Flags().BoolVar(&live, "live", false, "real money")
	needed(cmd, "id", "country", "amount")
	return tool.acting(cmd, func(ctx context.Context, c *admin.Client, args []string, reason string) (admin.AuditEntry, error) {
		country, known := pirogue.CountryByCode(p.Country)
		if !known {
			return admin.AuditEntry{}, pirogue.FieldError(pirogue.CountryNotSupported, "country")
		}
		p.Currency = country.Currency
		if live {
			p.Mode = pirogue.Live
		}
		return c.Settle(ctx, pirogue.MerchantID(args[0]), p, reason)
	})
}

// fee returns the commands that show and change a merchant's fees.
func (tool *adminTool) fee() *cobra.Command {
	cmd := &cobra.Command{Use: "fee", Short: "What a merchant's contract says about fees"}
	list := &cobra.Command{
		Use: "list MERCHANT", Short: "List a merchant's fees", Args: cobra.ExactArgs(1),
		RunE: asks(tool, func(cmd *cobra.Command, c *admin.Client, args []string) ([]admin.Fee, error) {
			return c.Fees(cmd.Context(), pirogue.MerchantID(args[0]))
		}, table("TYPE COUNTRY NETWORK FIXED BASIS_POINTS MIN MAX PAYER RETURNED", func(f admin.Fee) []string {
			return []string{
				string(f.Kind), every(string(f.Country)), every(string(f.Network)), fmt.Sprint(f.Fixed), fmt.Sprint(f.BasisPoints),
				fmt.Sprint(f.Min), fmt.Sprint(f.Max), string(f.Payer), fmt.Sprint(f.Returned),
			}
		})),
	}
	cmd.AddCommand(list, tool.setFee())
	return cmd
}

// every prints a rule's country or network: "every" for a rule that names none.
func every(text string) string {
	if text == "" {
		return "every"
	}
	return text
}

// setFee returns the command that replaces one fee rule of a merchant.
func (tool *adminTool) setFee() *cobra.Command {
	cmd := &cobra.Command{
		Use: "set MERCHANT", Args: cobra.ExactArgs(1),
		Short: "Replace the fee of one type, country and network; payments accepted before keep theirs",
	}
	f := admin.Fee{}
	cmd.Flags().StringVar((*string)(&f.Kind), "type", "", "CASHIN, CASHOUT or REFUND")
	cmd.Flags().StringVar((*string)(&f.Country), "country", "", "such as ML; default every country")
	cmd.Flags().StringVar((*string)(&f.Network), "network", "", "such as orange; default every network")
	cmd.Flags().Int64Var(&f.Fixed, "fixed", 0, "in minor units")
	cmd.Flags().Int64Var(&f.BasisPoints, "basis-points", 0, "hundredths of a per cent of the amount")
	cmd.Flags().Int64Var(&f.Min, "min", 0, "at least, in minor units")
	cmd.Flags().Int64Var(&f.Max, "max", 0, "at most, in minor units; 0 for no bound")
	cmd.Flags().StringVar((*string)(&f.Payer), "payer", string(pirogue.PaidByMerchant), "merchant or customer")
	cmd.Flags().BoolVar(&f.Returned, "returned", false, "a refund gives the fee back in proportion")
	needed(cmd, "type")
	return tool.acting(cmd, func(ctx context.Context, c *admin.Client, args []string, reason string) (admin.AuditEntry, error) {
		return c.SetFee(ctx, pirogue.MerchantID(args[0]), f, reason)
	})
}

// latePolicy returns the command that decides about money which arrives after the end of a
// merchant's payment.
func (tool *adminTool) latePolicy() *cobra.Command {
	policies := []string{string(pirogue.LateReturn), string(pirogue.LateAccept)}
	cmd := &cobra.Command{
		Use: "late-policy MERCHANT return|accept", ValidArgs: policies,
		Short: "Say what becomes of money that arrives after a payment ended",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 || !slices.Contains(policies, args[1]) {
				return fmt.Errorf("late-policy takes a merchant and return or accept")
			}
			return nil
		},
	}
	return tool.acting(cmd, func(ctx context.Context, c *admin.Client, args []string, reason string) (admin.AuditEntry, error) {
		return c.SetLatePolicy(ctx, pirogue.MerchantID(args[0]), pirogue.LatePolicy(args[1]), reason)
	})
}
