package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"pirogue"
)

// operatorTimeout bounds one call that a person makes to an operator.
const operatorTimeout = 30 * time.Second

// operatorCommand is what can be asked of a configured operator.
func operatorCommand(environ []string) *cobra.Command {
	command := &cobra.Command{
		Use: "operator", Short: "Ask a configured operator for its balance, tell it where to call back",
	}
	command.AddCommand(
		&cobra.Command{
			Use: "balance CODE", Short: "Print what is left for disbursements", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return onOperator(cmd.Context(), environ, args[0], func(ctx context.Context, _ *parts, i pirogue.Instance) error {
					reader, ok := i.Operator.(pirogue.BalanceReader)
					if !ok {
						return fmt.Errorf("operator %s tells no balance", i.Code)
					}
					balance, err := reader.Balance(ctx)
					if err == nil {
						fmt.Fprintln(cmd.OutOrStdout(), balance)
					}
					return err
				})
			},
		},
		&cobra.Command{
			Use: "register CODE", Short: "Tell the operator the address it calls back", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return onOperator(cmd.Context(), environ, args[0], func(ctx context.Context, p *parts, i pirogue.Instance) error {
					return p.register(ctx, i)
				})
			},
		},
	)
	return command
}

// onOperator runs do with a configured operator.
func onOperator(
	ctx context.Context, environ []string, code string, do func(context.Context, *parts, pirogue.Instance) error,
) error {
	p, err := loadParts(environ)
	if err != nil {
		return err
	}
	instance, ok := p.instances[pirogue.OperatorCode(code)]
	if !ok {
		return fmt.Errorf("no operator %q is configured", code)
	}
	ctx, stop := context.WithTimeout(ctx, operatorTimeout)
	defer stop()
	return do(ctx, p, instance)
}

// register tells an operator the one address it calls back.
func (p *parts) register(ctx context.Context, i pirogue.Instance) error {
	registrar, ok := i.Operator.(pirogue.CallbackRegistrar)
	if !ok {
		return fmt.Errorf("operator %s is told its address with each payment", i.Code)
	}
	return registrar.RegisterCallback(ctx, p.callbacks.registered(i.Code))
}

// registerSimulators tells each simulator where to call back: the first instance that
// it plays, for it keeps one address.
func (p *parts) registerSimulators(ctx context.Context) error {
	told := map[string]bool{}
	for _, o := range p.conf.Operators {
		instance := p.instances[o.Code]
		if _, ok := instance.Operator.(pirogue.CallbackRegistrar); !ok || !o.Simulator || told[o.BaseURL] {
			continue
		}
		told[o.BaseURL] = true
		if err := p.register(ctx, instance); err != nil {
			return fmt.Errorf("tell %s where to call back: %w", o.Code, err)
		}
	}
	return nil
}
