package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"pirogue"
	"pirogue/operator"
)

// operatorPIN returns the command that changes the PIN of our account at an operator. It reads the
// new PIN from its input, because other users of the machine can read a command's arguments.
func operatorPIN(environ []string) *cobra.Command {
	cmd := &cobra.Command{
		Use: "pin CODE", Short: "Change the PIN of our account; reads the new one from the input",
		Args: cobra.ExactArgs(1),
		Long: "Changes the PIN of our account at an operator. Stop every worker first: a process that still has the\n" +
			"old PIN tries it, and an operator may block the account after three wrong tries. Then put the new PIN\n" +
			"into the configuration and start the workers again.\n\n" +
			"After the error UNKNOWN ask the operator which PIN is valid.",
	}
	const lacks = "has no PIN"
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		find := askOf(environ, lacks, func(context.Context, operator.PINChanger, io.Writer, []string) error { return nil })
		if err := find(cmd, args); err != nil {
			return err
		}
		// Read before the call, whose time-out must not include a person's typing.
		newPIN, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the new PIN: %w", err)
		}
		return askOf(environ, lacks,
			func(ctx context.Context, o operator.PINChanger, out io.Writer, _ []string) error {
				if err := o.ChangePIN(ctx, strings.TrimSpace(newPIN)); err != nil {
					return err
				}
				fmt.Fprintln(out, "the PIN is changed: put it into the configuration now")
				return nil
			})(cmd, args)
	}
	return cmd
}

// operatorTestNumbers returns the command that prints numbers of an operator's test system.
func operatorTestNumbers(environ []string) *cobra.Command {
	cmd := &cobra.Command{
		Use: "test-numbers CODE", Short: "Print numbers of the operator's test system, with their PINs",
		Args: cobra.ExactArgs(1),
	}
	retailers := cmd.Flags().Int("retailers", 1, "who pay out")
	merchants := cmd.Flags().Int("merchants", 1, "who collect")
	customers := cmd.Flags().Int("customers", 1, "who pay and are paid")
	cmd.RunE = askOf(environ, "has no test numbers",
		func(ctx context.Context, o operator.TestNumberIssuer, out io.Writer, _ []string) error {
			numbers, err := o.TestNumbers(ctx, *retailers, *merchants, *customers)
			if err != nil {
				return err
			}
			return (&adminTool{}).print(out, numbers, table("TYPE NUMBER PIN MERCHANT", func(n operator.TestNumber) []string {
				return []string{n.Type, n.MSISDN, n.PIN, n.MerchantCode}
			})(numbers))
		})
	return cmd
}

// operatorResendCallback returns the command that lets an operator send its latest callback about a
// payment again. The callback arrives at the API, like any other.
func operatorResendCallback(environ []string) *cobra.Command {
	return &cobra.Command{
		Use: "resend-callback PAYMENT", Short: "Let the operator send its latest callback about a payment again",
		Args: cobra.ExactArgs(1),
		RunE: onStore(environ, func(cmd *cobra.Command, p *parts, args []string) error {
			ctx, stop := context.WithTimeout(cmd.Context(), operatorTimeout)
			defer stop()
			payment, attempt, err := p.store.Attempts.Latest(ctx, pirogue.PaymentID(args[0]))
			if err != nil {
				return err
			}
			resender, ok := p.instances[attempt.Operator].Operator.(operator.CallbackResender)
			if !ok {
				return fmt.Errorf("operator %s sends no callback again", attempt.Operator)
			}
			return resender.ResendCallback(ctx, operator.StatusQuery{
				Kind: payment.Kind, Ref: attempt.Ref, Handle: attempt.Handle, Amount: payment.AtOperator(),
				MSISDN: payment.MSISDN, SentAt: attempt.FirstSent,
			})
		}),
	}
}
