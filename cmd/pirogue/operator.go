package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"pirogue"
	"pirogue/config"
	"pirogue/operator"
)

// operatorTimeout bounds one call of an operator that a person waits for.
const operatorTimeout = 30 * time.Second

// operatorCommand returns the commands that list the configured operators and call one of them.
func operatorCommand(environ []string) *cobra.Command {
	command := &cobra.Command{
		Use: "operator", Short: "List the configured operators and what they can do; ask one",
	}
	command.AddCommand(
		operatorList(environ), operatorBalance(environ), operatorRegister(environ), operatorStatement(environ),
		operatorCustomers(environ), operatorPIN(environ), operatorTestNumbers(environ), operatorResendCallback(environ),
	)
	return command
}

// operatorRegister returns the command that tells an operator our callback address.
func operatorRegister(environ []string) *cobra.Command {
	return &cobra.Command{
		Use: "register CODE", Short: "Tell the operator the address it calls back", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return onOperator(cmd.Context(), environ, args[0], func(ctx context.Context, p *parts, i operator.Instance) error {
				return p.register(ctx, i)
			})
		},
	}
}

// onOperator runs do with a configured operator, for at most operatorTimeout. It fails on a code
// that the configuration does not have.
func onOperator(
	ctx context.Context, environ []string, code string, do func(context.Context, *parts, operator.Instance) error,
) error {
	p, err := laptopParts(environ) //nolint:contextcheck // simulators are asked for everybody
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

// register tells an operator the one address for its callbacks. If only the operator's portal can
// set that, it fails with the address that a person has to enter there.
func (p *parts) register(ctx context.Context, i operator.Instance) error {
	address := p.callbacks.registered(i.Code)
	switch operator := i.Operator.(type) {
	case operator.CallbackRegistrar:
		return operator.RegisterCallback(ctx, address)
	case referenceReader:
		return fmt.Errorf("operator %s has a portal: enter this address there as its webhook: %s", i.Code, address)
	default:
		return fmt.Errorf("operator %s is told its address with each payment", i.Code)
	}
}

// referenceReader is implemented by an operator that sends the callbacks of all payments to one
// address. CallbackReference reads our reference from such a callback; see package api.
type referenceReader interface {
	CallbackReference(header http.Header, body []byte) (pirogue.OperatorRef, error)
}

// registerSimulators tells each simulator where to call back, one address for each account that
// it plays. It uses the operator's API, or the simulator's replacement for the operator's portal.
func (p *parts) registerSimulators(ctx context.Context) error {
	told := map[string]bool{}
	for _, o := range p.conf.Operators {
		account := o.BaseURL + " " + o.Credentials["api_key"]
		if !o.Simulator || told[account] {
			continue
		}
		told[account] = true
		if err := p.registerSimulator(ctx, o); err != nil {
			return fmt.Errorf("tell %s where to call back: %w", o.Code, err)
		}
	}
	return nil
}

// registerSimulator tells one simulator our callback address. It does nothing for an operator
// that gets the address with each payment.
func (p *parts) registerSimulator(ctx context.Context, o config.Operator) error {
	instance := p.instances[o.Code]
	if registrar, ok := instance.Operator.(operator.CallbackRegistrar); ok {
		return registrar.RegisterCallback(ctx, p.callbacks.registered(o.Code))
	}
	if _, ok := instance.Operator.(referenceReader); !ok {
		return nil
	}
	body, err := json.Marshal(map[string]string{
		"key": o.Credentials["api_key"], "url": p.callbacks.registered(o.Code),
	})
	if err != nil {
		return err
	}
	portal := simulatorOf(o.BaseURL) + "/portal/webhook"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, portal, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Timeout: operatorTimeout}).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("its portal answers %s", resp.Status)
	}
	return nil
}
