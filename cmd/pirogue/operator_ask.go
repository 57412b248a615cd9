package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"pirogue/operator"
)

// operatorList returns the command that prints each configured operator's capabilities, and what
// Pirogue does by itself with it.
func operatorList(environ []string) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Print what each operator can do, and what Pirogue does by itself with it",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := laptopParts(environ)
			if err != nil {
				return err
			}
			header := []string{"OPERATOR"}
			for _, ability := range operator.Abilities {
				header = append(header, ability.Name)
			}
			abilities := [][]string{header}
			var automation [][]string
			for _, code := range p.operatorCodes() {
				instance := p.instances[code]
				abilities = append(abilities, abilitiesOf(instance))
				automation = append(automation, automationOf(instance)...)
			}
			tool := &adminTool{}
			if err := tool.print(cmd.OutOrStdout(), nil, append(abilities, []string{})); err != nil {
				return err
			}
			return tool.print(cmd.OutOrStdout(), nil, automation)
		},
	}
}

// abilitiesOf returns a row with "yes" for each capability that the operator's adapter has.
func abilitiesOf(i operator.Instance) []string {
	row := []string{string(i.Code)}
	for _, ability := range operator.Abilities {
		has := "-"
		if ability.Has(i.Operator) {
			has = "yes"
		}
		row = append(row, has)
	}
	return row
}

// automationOf returns the rows about Pirogue's own decisions for an operator. They are about a
// lost response, the proof of a failure, and a redrive.
func automationOf(i operator.Instance) [][]string {
	a := i.Automation()
	rows := fieldsOf("lost cash-in", a.LostCashIn, "lost cash-out", a.LostCashOut,
		"proof of failure", a.Proves, "redrive", a.Redrive, "settled by", a.Settles, "polled first", a.FirstPoll)
	for n, row := range rows {
		name := ""
		if n == 0 {
			name = string(i.Code)
		}
		rows[n] = append([]string{name}, row...)
	}
	return rows
}

// operatorBalance returns the command that prints our balance at an operator.
func operatorBalance(environ []string) *cobra.Command {
	return &cobra.Command{
		Use: "balance CODE", Short: "Print what is left for disbursements", Args: cobra.ExactArgs(1),
		RunE: askOf(environ, "tells no balance",
			func(ctx context.Context, o operator.BalanceReader, out io.Writer, _ []string) error {
				balance, err := o.Balance(ctx)
				if err == nil {
					fmt.Fprintln(out, balance)
				}
				return err
			}),
	}
}

// operatorStatement returns the command that prints an operator's own list of our transactions.
func operatorStatement(environ []string) *cobra.Command {
	cmd := &cobra.Command{
		Use: "statement CODE", Short: "Print what the operator executed for us", Args: cobra.ExactArgs(1),
	}
	since := cmd.Flags().Duration("since", 24*time.Hour, "how far back")
	cmd.RunE = askOf(environ, "lists no transactions",
		func(ctx context.Context, o operator.StatementReader, out io.Writer, _ []string) error {
			now := time.Now()
			lines, err := o.Statement(ctx, now.Add(-*since), now)
			if err != nil {
				return err
			}
			return (&adminTool{}).print(out, lines, table("AT TRANSACTION REFERENCE TYPE OUTCOME AMOUNT",
				func(l operator.StatementLine) []string {
					return []string{
						at(l.CreatedAt), l.TxID, string(l.Ref), string(l.Kind), string(l.Outcome), l.Amount.String(),
					}
				})(lines))
		})
	return cmd
}

// operatorCustomers returns the commands on the customer directory of an operator that has one.
func operatorCustomers(environ []string) *cobra.Command {
	command := &cobra.Command{Use: "customers", Short: "Read and write an operator's customer directory"}
	const lacks = "keeps no customers"
	rows := table("ID FIRST_NAME LAST_NAME NUMBER EMAIL", func(c operator.Customer) []string {
		return []string{c.ID, c.FirstName, c.LastName, string(c.MSISDN), c.Email}
	})
	show := func(out io.Writer, err error, all ...operator.Customer) error {
		if err != nil {
			return err
		}
		return (&adminTool{}).print(out, all, rows(all))
	}
	create := &cobra.Command{Use: "create CODE", Short: "Keep a person", Args: cobra.ExactArgs(1)}
	var person operator.Customer
	create.Flags().StringVar(&person.FirstName, "first-name", "", "")
	create.Flags().StringVar(&person.LastName, "last-name", "", "")
	create.Flags().StringVar((*string)(&person.MSISDN), "number", "", "in E.164")
	create.Flags().StringVar(&person.Email, "email", "", "")
	create.Flags().StringVar(&person.Address, "address", "", "")
	needed(create, "first-name", "last-name", "number")
	create.RunE = askOf(environ, lacks,
		func(ctx context.Context, o operator.CustomerDirectory, out io.Writer, _ []string) error {
			kept, err := o.CreateCustomer(ctx, person)
			return show(out, err, kept)
		})
	command.AddCommand(create,
		&cobra.Command{
			Use: "show CODE ID", Short: "Print one person", Args: cobra.ExactArgs(2),
			RunE: askOf(environ, lacks,
				func(ctx context.Context, o operator.CustomerDirectory, out io.Writer, args []string) error {
					kept, err := o.Customer(ctx, args[0])
					return show(out, err, kept)
				}),
		},
		&cobra.Command{
			Use: "list CODE", Short: "Print everybody", Args: cobra.ExactArgs(1),
			RunE: askOf(environ, lacks,
				func(ctx context.Context, o operator.CustomerDirectory, out io.Writer, _ []string) error {
					all, err := o.Customers(ctx)
					return show(out, err, all...)
				}),
		})
	return command
}

// askOf adapts a call of the operator that the first argument names to a command. lacks completes
// the error for an operator without that method: "operator X" and lacks.
func askOf[T any](
	environ []string, lacks string, ask func(context.Context, T, io.Writer, []string) error,
) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		return onOperator(cmd.Context(), environ, args[0], func(ctx context.Context, _ *parts, i operator.Instance) error {
			operator, ok := i.Operator.(T)
			if !ok {
				return errors.New("operator " + string(i.Code) + " " + lacks)
			}
			return ask(ctx, operator, cmd.OutOrStdout(), args[1:])
		})
	}
}
