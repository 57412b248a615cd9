package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"pirogue/config"
	"pirogue/sandbox"
	"pirogue/sandbox/engine"
)

// sandboxTool holds the environment and the output format, which all sandbox commands share.
type sandboxTool struct {
	adminTool // for print
}

// sandboxCommand runs the operator simulators. Its subcommands call a sandbox that runs already.
func sandboxCommand(environ []string) *cobra.Command {
	tool := &sandboxTool{adminTool{environ: environ}}
	cmd := &cobra.Command{
		Use: "sandbox", Short: "Run the operator simulators, or break and mend those that run", Args: cobra.NoArgs,
		Long: "Runs the operator simulators, without a database and without Temporal. The subcommands ask and\n" +
			"set the simulators that run at PIROGUE_SANDBOX_URL, which is what the page PIROGUE_SANDBOX_URL/faults\n" +
			"does as well.",
		Example: "  pirogue sandbox force orange-web silent\n" +
			"  pirogue sandbox set sonatel latency_ms=3000 two_signatures=true\n" +
			"  pirogue sandbox heal",
		RunE: func(cmd *cobra.Command, _ []string) error {
			conf, err := config.Load(environ)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.ErrOrStderr(), "the simulators listen at", conf.SandboxURL)
			return (&parts{conf: conf}).runSandbox(cmd.Context(), nil)
		},
	}
	cmd.PersistentFlags().BoolVar(&tool.asJSON, "json", false, "print JSON instead of a table")
	cmd.AddCommand(
		tool.list(), tool.show(), tool.set(), tool.force(), tool.turn("down", "Take an operator down", "true"),
		tool.turn("up", "Bring an operator up again", "false"), tool.heal(), tool.book(),
	)
	return cmd
}

// list returns the command that lists the operators with their calls, payments and faults.
func (tool *sandboxTool) list() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the operators and what is broken", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			operators, err := tool.operators(cmd)
			if err != nil {
				return err
			}
			return tool.print(cmd.OutOrStdout(), operators,
				table("OPERATOR PATH ASKED PAID BROKEN", func(o sandbox.Operator) []string {
					return []string{o.Code, o.Path, fmt.Sprint(o.Asked), fmt.Sprint(o.Paid), brokenOf(o)}
				})(operators))
		},
	}
}

// brokenOf returns the faults that are switched on for an operator, "nothing" for none.
func brokenOf(o sandbox.Operator) string {
	if len(o.Broken) == 0 {
		return "nothing"
	}
	return strings.Join(o.Broken, " ")
}

// show returns the command that prints every setting of one operator.
func (tool *sandboxTool) show() *cobra.Command {
	return &cobra.Command{
		Use: "show OPERATOR", Short: "Show every setting of an operator", Args: cobra.ExactArgs(1),
		RunE: tool.on(func(cmd *cobra.Command, o sandboxOperator, _ []string) error {
			return tool.printSettings(cmd, o.Operator)
		}),
	}
}

// printSettings prints every setting of an operator with its value and its meaning.
func (tool *sandboxTool) printSettings(cmd *cobra.Command, o sandbox.Operator) error {
	names := slices.Sorted(maps.Keys(o.Settings))
	return tool.print(cmd.OutOrStdout(), o, table("SETTING VALUE MEANING", func(name string) []string {
		return []string{name, shown(o.Settings[name]), o.Own[name]}
	})(names))
}

// shown prints a setting's value: "-" for none.
func shown(value any) string {
	if text := fmt.Sprint(value); text != "" {
		return text
	}
	return "-"
}

// set returns the command that changes settings of one operator, all of them or none.
func (tool *sandboxTool) set() *cobra.Command {
	return &cobra.Command{
		Use: "set OPERATOR NAME=VALUE…", Args: cobra.MinimumNArgs(2),
		Short: "Change settings, all of them or none; `show` lists their names",
		RunE: tool.on(func(cmd *cobra.Command, o sandboxOperator, pairs []string) error {
			wanted := map[string]string{}
			for _, pair := range pairs {
				name, value, paired := strings.Cut(pair, "=")
				if _, twice := wanted[name]; !paired || twice {
					return fmt.Errorf("%q is not NAME=VALUE, or not the first of its name", pair)
				}
				wanted[name] = value
			}
			return tool.change(cmd, o, wanted)
		}),
	}
}

// outcomes maps the words of `sandbox force` to the magic numbers that cause each outcome.
var outcomes = []struct{ word, digits string }{
	{"paid", "123456"},
	{"poor", "111111"},
	{"refused", "222222"},
	{"silent", "333333"},
	{"slow", "444444"},
	{"down", "555555"},
	{"lost", "666666"},
	{"late", "777777"},
	{"thrice", "888888"},
	{"other-amount", "999999"},
	{"none", ""},
}

// force returns the command that makes all customers of an operator behave like one magic number.
func (tool *sandboxTool) force() *cobra.Command {
	words, long := []string{}, "Makes every customer of an operator behave the same from now on:\n\n"
	for _, o := range outcomes {
		words = append(words, o.word)
		says := "everybody as their number says"
		if magic, found := engine.MagicNumbers()[o.digits]; found {
			says = magic.Description
			if paid := engine.MagicPayouts()[o.digits].Description; paid != says {
				says += "; when paid: " + paid
			}
		}
		long += fmt.Sprintf("  %-13s %s\n", o.word, says)
	}
	return &cobra.Command{
		Use: "force OPERATOR " + strings.Join(words, "|"), Long: long, Args: cobra.ExactArgs(2),
		Short: "Make every customer of an operator behave the same",
		RunE: tool.on(func(cmd *cobra.Command, o sandboxOperator, args []string) error {
			for _, outcome := range outcomes {
				if outcome.word == args[0] {
					return tool.change(cmd, o, map[string]string{"force": outcome.digits})
				}
			}
			return fmt.Errorf("%q is none of %s", args[0], strings.Join(words, ", "))
		}),
	}
}

// turn returns a command that takes an operator down or up.
func (tool *sandboxTool) turn(verb, short, down string) *cobra.Command {
	return &cobra.Command{
		Use: verb + " OPERATOR", Short: short, Args: cobra.ExactArgs(1),
		RunE: tool.on(func(cmd *cobra.Command, o sandboxOperator, _ []string) error {
			return tool.change(cmd, o, map[string]string{"down": down})
		}),
	}
}

// heal returns the command that switches every fault off, of one operator or of all.
func (tool *sandboxTool) heal() *cobra.Command {
	return &cobra.Command{
		Use: "heal [OPERATOR]", Short: "Mend everything of one operator, or of all", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, operators, err := tool.reach(cmd)
			if err != nil {
				return err
			}
			if len(args) > 0 {
				one, err := named(operators, args[0])
				if err != nil {
					return err
				}
				operators = []sandbox.Operator{one}
			}
			var failed []error
			for _, o := range operators {
				failed = append(failed, c.post(cmd.Context(), "/simulators/"+o.Code+"/heal", nil))
			}
			if err := errors.Join(failed...); err != nil {
				return err
			}
			return tool.list().RunE(cmd, nil)
		},
	}
}

// book returns the command that prints the money which an operator moved.
func (tool *sandboxTool) book() *cobra.Command {
	return &cobra.Command{
		Use: "book OPERATOR", Short: "Print the money that an operator moved", Args: cobra.ExactArgs(1),
		RunE: tool.on(func(cmd *cobra.Command, o sandboxOperator, _ []string) error {
			var book struct{ Paid []engine.BookEntry }
			if err := o.get(cmd.Context(), o.Path+"/book", &book); err != nil {
				return err
			}
			return tool.print(cmd.OutOrStdout(), book.Paid,
				table("AT TRANSACTION REFERENCE NUMBER WAY AMOUNT ASKED", func(p engine.BookEntry) []string {
					way := p.Direction
					if way == "" { // an operator that only collects leaves it out
						way = engine.In
					}
					return []string{
						at(p.At), p.TxnID, p.OrderID, p.MSISDN, string(way), fmt.Sprint(p.Amount, " ", p.Currency), fmt.Sprint(p.Asked),
					}
				})(book.Paid))
		}),
	}
}
