package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pirogue/config"
	"pirogue/sandbox"
	"pirogue/sandbox/engine"
)

// Limits of one call of a sandbox.
const (
	sandboxTimeout = 10 * time.Second
	maxAnswer      = 64 << 20 // bytes; a book of 100 000 payments has 30 MB
)

// sandboxClient calls the HTTP API of a running sandbox.
type sandboxClient struct {
	url  string
	http *http.Client
}

// sandboxOperator is one operator of a running sandbox, with the client that reaches it.
type sandboxOperator struct {
	sandbox.Operator
	*sandboxClient
}

// on adapts a function over one operator to a command. The first argument names the operator; do
// gets the remaining ones.
func (tool *sandboxTool) on(
	do func(*cobra.Command, sandboxOperator, []string) error,
) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c, operators, err := tool.reach(cmd)
		if err != nil {
			return err
		}
		o, err := named(operators, args[0])
		if err != nil {
			return err
		}
		return do(cmd, sandboxOperator{o, c}, args[1:])
	}
}

// reach returns a client of the configured sandbox and the operators it plays.
func (tool *sandboxTool) reach(cmd *cobra.Command) (*sandboxClient, []sandbox.Operator, error) {
	conf, err := config.Load(tool.environ)
	if err != nil {
		return nil, nil, err
	}
	c := &sandboxClient{url: conf.SandboxURL, http: &http.Client{Timeout: sandboxTimeout}}
	var operators []sandbox.Operator
	err = c.get(cmd.Context(), "/simulators", &operators)
	return c, operators, err
}

// operators returns the operators of the configured sandbox.
func (tool *sandboxTool) operators(cmd *cobra.Command) ([]sandbox.Operator, error) {
	_, operators, err := tool.reach(cmd)
	return operators, err
}

// named returns the operator with a code. The error of an unknown code lists those that exist.
func named(operators []sandbox.Operator, code string) (sandbox.Operator, error) {
	codes := make([]string, len(operators))
	for i, o := range operators {
		if o.Code == code {
			return o, nil
		}
		codes[i] = o.Code
	}
	return sandbox.Operator{}, fmt.Errorf("the sandbox has no operator %q; it has %s", code, strings.Join(codes, ", "))
}

// change changes settings of an operator and prints its faults afterwards.
func (tool *sandboxTool) change(cmd *cobra.Command, o sandboxOperator, wanted map[string]string) error {
	object, err := engine.Patch(o.Settings, wanted)
	if err != nil {
		return fmt.Errorf("%w; `pirogue sandbox show %s` lists the settings", err, o.Code)
	}
	if err := o.post(cmd.Context(), o.Path+"/switches", object); err != nil {
		return err
	}
	operators, err := tool.operators(cmd)
	if err != nil {
		return err
	}
	after, err := named(operators, o.Code)
	if err != nil {
		return err
	}
	return tool.print(cmd.OutOrStdout(), after, fieldsOf("operator", after.Code, "broken", brokenOf(after)))
}

// get makes a GET and decodes the JSON response into into.
func (c *sandboxClient) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+path, nil)
	if err != nil {
		return err
	}
	raw, err := c.do(req)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // so that a setting is written as it was read
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%s is not what a sandbox answers: %w", c.url+path, err)
	}
	return nil
}

// post posts a JSON body, nil for none.
func (c *sandboxClient) post(ctx context.Context, path string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path, bytes.NewReader(body))
	if err == nil {
		req.Header.Set("Content-Type", "application/json")
		_, err = c.do(req)
	}
	return err
}

// do makes one call and returns the body of the response. It returns the sandbox's own error text
// if the response has one.
func (c *sandboxClient) do(req *http.Request) ([]byte, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("no sandbox answers at %s; `pirogue sandbox` or `pirogue dev` runs one, and"+
			" PIROGUE_SANDBOX_URL says where: %w", c.url, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the sandbox's answer: %w", err)
	case len(raw) > maxAnswer:
		path := strings.TrimPrefix(req.URL.String(), c.url)
		return nil, fmt.Errorf("the sandbox's answer to %s is larger than %d bytes", path, maxAnswer)
	case resp.StatusCode != http.StatusOK:
		return nil, refusalOf(req.URL.String(), resp.Status, raw)
	default:
		return raw, nil
	}
}

// refusalOf returns the error for a call that a sandbox refused: its own text, or the status.
func refusalOf(address, status string, raw []byte) error {
	var said struct{ Error string }
	if json.Unmarshal(raw, &said) == nil && said.Error != "" {
		return errors.New(said.Error)
	}
	return fmt.Errorf("%s answers %s: is it a sandbox?", address, status)
}
