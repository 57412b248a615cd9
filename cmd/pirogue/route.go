package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"pirogue"
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

// routeCommand returns the command that prints a payment's route: the operators it would try, and
// why. It sends nothing.
func routeCommand(environ []string) *cobra.Command {
	p := pirogue.Payment{Mode: pirogue.Test, Kind: pirogue.CashIn}
	cmd := &cobra.Command{
		Use: "route NUMBER", Short: "Explain which operators a payment would take, and why; sends nothing",
		Args: cobra.ExactArgs(1), Example: "  pirogue route +2250707123456 --type CASHOUT --amount 5000",
	}
	live := cmd.Flags().Bool("live", false, "with the live operators")
	breakers := cmd.Flags().Bool("breakers", true, "read the circuit breakers from the database")
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
		p.MSISDN = pirogue.MSISDN(args[0])
		rows, err := parts.explain(cmd.Context(), p, *breakers)
		if err != nil {
			return err
		}
		return (&adminTool{}).print(cmd.OutOrStdout(), rows, rows)
	}
	return cmd
}

// explain returns the route of a payment as a table: a row for each operator considered. It reads
// the circuit breakers if readBreakers is set. It fails if the number belongs to no country that
// Pirogue knows.
func (p *parts) explain(ctx context.Context, payment pirogue.Payment, readBreakers bool) ([][]string, error) {
	country, known := payment.MSISDN.Country()
	if !known {
		return nil, fmt.Errorf("%q belongs to no country Pirogue knows", payment.MSISDN)
	}
	payment.Country, payment.Amount.Currency = country.Code, country.Currency
	breakers := map[pirogue.OperatorCode]operator.CircuitBreaker{}
	if readBreakers {
		if err := p.openStore(ctx); err != nil {
			return nil, err
		}
		var err error
		if breakers, err = p.store.Operators.Breakers(ctx); err != nil {
			return nil, fmt.Errorf("%w (--breakers=false explains without it)", err)
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
		rows = append(rows, stepRow(step, breakers[step.Operator]))
	}
	return rows, nil
}

// stepRow returns one operator of a route as a row.
func stepRow(step routing.FeeInput, b operator.CircuitBreaker) []string {
	taken, circuit, upTo := "no", "CLOSED", "no maximum"
	if step.Taken {
		taken = "yes"
	}
	if b.State != "" {
		circuit = string(b.State)
	}
	if b.Parked {
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
