package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"pirogue"
	"pirogue/api/admin"
	"pirogue/config"
	"pirogue/support"
)

// operation is one command of `pirogue admin` that calls the admin API; see operations.
type operation struct {
	use      string                       // its words, then its arguments in capitals
	short    string                       // for the help
	flags    func(*pflag.FlagSet, *input) // adds its flags; nil: it has none
	required []string                     // the flags that must be given; an action needs --reason too
	check    func(args []string) error    // checks the arguments; nil: their number only
	call     call
}

// input holds the arguments and the flags of one call.
type input struct {
	args       []string
	reason     string
	limit      int
	filter     support.WorkFilter
	olderThan  time.Duration
	resolution admin.Resolution
	eventID    pirogue.EventID
	settlement admin.Settlement
	live       bool
	fee        admin.Fee
	evidence   string
}

// call is the call of an operation.
type call struct {
	acts bool // it changes something, so it needs a reason
	// do returns the answer for JSON and its table for people. An action that was refused has both, and
	// an error.
	do func(ctx context.Context, c *admin.Client, in *input) (answer any, rows [][]string, err error)
}

// reads returns a call that reads. rows returns the table for people, its header first.
func reads[T any](get func(context.Context, *admin.Client, *input) (T, error), rows func(T) [][]string) call {
	return call{do: func(ctx context.Context, c *admin.Client, in *input) (any, [][]string, error) {
		answer, err := get(ctx, c, in)
		if err != nil {
			return nil, nil, err
		}
		return answer, rows(answer), nil
	}}
}

// acts returns a call that carries out a support action.
func acts(do func(context.Context, *admin.Client, *input) (admin.AuditEntry, error)) call {
	return call{acts: true, do: func(ctx context.Context, c *admin.Client, in *input) (any, [][]string, error) {
		entry, err := do(ctx, c, in)
		if entry.ID == "" {
			return nil, nil, err
		}
		return entry, entryRows(entry), err
	}}
}

// actsOn returns a call that carries out an action on the object that the first argument names. The
// action needs nothing else than a reason.
func actsOn[ID ~string](do func(*admin.Client, context.Context, ID, string) (admin.AuditEntry, error)) call {
	return acts(func(ctx context.Context, c *admin.Client, in *input) (admin.AuditEntry, error) {
		return do(c, ctx, ID(in.args[0]), in.reason)
	})
}

// command returns the command of an operation.
func (tool *adminTool) command(o operation) *cobra.Command {
	in := &input{}
	words := strings.Fields(o.use)
	first := slices.IndexFunc(words, isArgument)
	if first < 0 {
		first = len(words)
	}
	cmd := &cobra.Command{Use: strings.Join(words[first-1:], " "), Short: o.short}
	least := 0
	for _, word := range words[first:] {
		if !strings.HasPrefix(word, "[") {
			least++
		}
	}
	cmd.Args = cobra.RangeArgs(least, len(words)-first)
	if o.check != nil {
		cmd.Args = func(_ *cobra.Command, args []string) error { return o.check(args) }
	}
	if o.flags != nil {
		o.flags(cmd.Flags(), in)
	}
	if o.call.acts {
		cmd.Flags().StringVar(&in.reason, "reason", "", "why, for the audit log")
		needed(cmd, "reason")
	}
	needed(cmd, o.required...)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		in.args = args
		return tool.run(cmd, o.call, in)
	}
	return cmd
}

// isArgument reports whether a word of a use stands for an argument, such as PAYMENT or [PAYMENT].
func isArgument(word string) bool {
	return unicode.IsUpper(rune(strings.TrimPrefix(word, "[")[0])) || strings.Contains(word, "|")
}

// run calls the admin API and prints the answer. It prints a refused action too. The command then
// fails with the reason of the refusal, so that a script sees it in the exit status.
func (tool *adminTool) run(cmd *cobra.Command, todo call, in *input) error {
	client, err := tool.client()
	if err != nil {
		return err
	}
	answer, rows, err := todo.do(cmd.Context(), client, in)
	if answer == nil {
		return err
	}
	return errors.Join(tool.print(cmd.OutOrStdout(), answer, rows), err)
}

// client returns a client of the admin API with the person's token.
func (tool *adminTool) client() (*admin.Client, error) {
	conf, err := config.Load(tool.environ)
	if err != nil {
		return nil, err
	}
	if conf.SupportToken == "" {
		return nil, errors.New("PIROGUE_SUPPORT_TOKEN is not set; " +
			"`pirogue admin token create NAME --role ROLE` makes a token")
	}
	return &admin.Client{URL: conf.SupportURL, Token: conf.SupportToken}, nil
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
