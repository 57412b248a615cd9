package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"pirogue"
	"pirogue/api/admin"
	"pirogue/operator"
	"pirogue/routing"
)

// operatorCodes returns the code of every configured operator, in the configuration's order.
func (p *parts) operatorCodes() []pirogue.OperatorCode {
	codes := make([]pirogue.OperatorCode, len(p.conf.Operators))
	for i, o := range p.conf.Operators {
		codes[i] = o.Code
	}
	return codes
}

// operators returns the command that lists the operators with their circuit breakers. A parked
// operator shows who parked it and why.
func (tool *adminTool) operators() *cobra.Command {
	cmd := &cobra.Command{Use: "operators", Short: "List the operators and how they do", Args: cobra.NoArgs}
	cmd.RunE = asks(tool, func(cmd *cobra.Command, c *admin.Client, _ []string) ([]admin.Operator, error) {
		return c.Operators(cmd.Context())
	}, table("OPERATOR STATE SINCE UNDER_WAY WAITING WHY", func(o admin.Operator) []string {
		state, since, why := string(o.State), o.Since, o.Words
		if o.Parked {
			state, since, why = "PARKED", o.ParkedAt, o.ParkedBy+": "+o.ParkedWhy
		}
		return []string{string(o.Operator), state, at(since), fmt.Sprint(o.UnderWay), fmt.Sprint(o.Waiting), why}
	}))
	return cmd
}

// park returns a command that takes an operator out of service, or puts it back.
func (tool *adminTool) park(
	verb, short string, do func(*admin.Client, context.Context, pirogue.OperatorCode, string) (admin.AuditEntry, error),
) *cobra.Command {
	cmd := &cobra.Command{Use: verb + " OPERATOR", Short: short, Args: cobra.ExactArgs(1)}
	return tool.acting(cmd, func(ctx context.Context, c *admin.Client, args []string, reason string) (admin.AuditEntry, error) {
		return do(c, ctx, pirogue.OperatorCode(args[0]), reason)
	})
}

// routeCommand returns the command that prints a payment's route: the operators it would try, and
// why. It sends nothing.
func routeCommand(environ []string) *cobra.Command {
	p := pirogue.Payment{Mode: pirogue.Test, Kind: pirogue.CashIn}
	cmd := &cobra.Command{
		Use: "route NUMBER", Short: "Explain which operators a payment would take, and why; sends nothing",
		Args: cobra.ExactArgs(1), Example: "  pirogue route +2250707123456 --type CASHOUT --amount 5000",
	}
	live := cmd.Flags().Bool("live", false, "with the live operators")
	health := cmd.Flags().Bool("health", true, "read from the database how the operators do")
	cmd.Flags().StringVar((*string)(&p.Kind), "type", string(p.Kind), "CASHIN or CASHOUT")
	cmd.Flags().StringVar((*string)(&p.Network), "network", "",
		"orange, mtn, moov or wave; default what the number suggests")
	cmd.Flags().Int64Var(&p.Amount.Minor, "amount", 1000, "in minor units of the country's currency")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *live {
			p.Mode = pirogue.Live
		}
		parts, err := laptopParts(environ)
		if err != nil {
			return err
		}
		defer func() { parts.log.Sugar().Debug(parts.Close()) }()
		rows, err := parts.explain(cmd.Context(), p, pirogue.MSISDN(args[0]), *health)
		if err != nil {
			return err
		}
		return (&adminTool{}).print(cmd.OutOrStdout(), rows, rows)
	}
	return cmd
}

// explain returns the route of a payment as a table: a row for each operator considered. It reads
// the circuit breakers if readHealth is set. It fails if the number belongs to no country that
// Pirogue knows.
func (p *parts) explain(
	ctx context.Context, payment pirogue.Payment, number pirogue.MSISDN, readHealth bool,
) ([][]string, error) {
	country, known := number.Country()
	if !known {
		return nil, fmt.Errorf("%q belongs to no country Pirogue knows", number)
	}
	payment.MSISDN, payment.Country, payment.Amount.Currency = number, country.Code, country.Currency
	health := map[pirogue.OperatorCode]operator.CircuitBreaker{}
	if readHealth {
		if err := p.openStore(ctx); err != nil {
			return nil, err
		}
		var err error
		if health, err = p.store.Breakers(ctx); err != nil {
			return nil, fmt.Errorf("%w (--health=false explains without it)", err)
		}
	}
	plan := p.routes.Plan(payment)
	rows := append(fieldsOf(
		"mode", string(payment.Mode), "type", string(payment.Kind), "country", string(country.Code),
		"amount", payment.Amount.String(), "network", string(plan.Network), "because", plan.Why,
	), []string{})
	if len(plan.Steps) == 0 {
		return append(rows, []string{"nobody takes it"}), nil
	}
	rows = append(rows, []string{"OPERATOR", "TAKEN", "LIMITS", "CIRCUIT", "WHY"})
	for _, step := range plan.Steps {
		rows = append(rows, stepRow(step, health[step.Operator]))
	}
	return rows, nil
}

// stepRow returns one operator of a route as a row.
func stepRow(step routing.FeeInput, h operator.CircuitBreaker) []string {
	taken, circuit, upTo := "no", "CLOSED", "no maximum"
	if step.Taken {
		taken = "yes"
	}
	if h.State != "" {
		circuit = string(h.State)
	}
	if h.Parked {
		circuit = "PARKED"
	}
	if step.Limits.Max > 0 {
		upTo = fmt.Sprint(step.Limits.Max)
	}
	why := step.Why
	if step.Taken && slices.Contains([]string{"OPEN", "HALF_OPEN", "PARKED"}, circuit) {
		why += "; out of service: nothing is sent to it"
	}
	return []string{string(step.Operator), taken, fmt.Sprintf("%d to %s", max(1, step.Limits.Min), upTo), circuit, why}
}
