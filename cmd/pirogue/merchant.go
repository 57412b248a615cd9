package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"pirogue"
	"pirogue/access"
	"pirogue/api/httpkit"
	"pirogue/store"
)

// merchantCommand returns the commands that manage merchants and their keys. They work on the
// database.
func merchantCommand(environ []string) *cobra.Command {
	cmd := &cobra.Command{Use: "merchant", Short: "Merchants and their keys"}
	cmd.AddCommand(
		merchantCreate(environ), merchantList(environ), merchantKey(environ),
		merchantSwitch(environ, "suspend", "Refuse every request of a merchant and send nothing of theirs that has not left",
			(*store.Merchants).SuspendMerchant),
		merchantSwitch(environ, "resume", "Accept a suspended merchant's requests again and send what waited",
			(*store.Merchants).ResumeMerchant),
	)
	return cmd
}

// merchantCreate returns the command that creates a merchant and prints its ID.
func merchantCreate(environ []string) *cobra.Command {
	var notifyURL string
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Create a merchant; customers read NAME on the operator's page", Args: cobra.ExactArgs(1),
		RunE: onStore(environ, func(cmd *cobra.Command, p *parts, args []string) error {
			if notifyURL != "" {
				rules := httpkit.NewURLRules(p.conf.PublicURL, p.conf.LoopbackWebhooks)
				if err := rules.CheckMerchantWebhook(notifyURL); err != nil {
					return err
				}
			}
			merchant, err := p.store.Merchants.CreateMerchant(
				cmd.Context(), pirogue.Merchant{Name: args[0], NotifyURL: notifyURL},
			)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), merchant.ID)
			return nil
		}),
	}
	cmd.Flags().StringVar(&notifyURL, "notify-url", "", "where webhooks go unless a payment says otherwise")
	return cmd
}

// merchantList returns the command that prints all merchants as a table.
func merchantList(environ []string) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List merchants", Args: cobra.NoArgs,
		RunE: onStore(environ, func(cmd *cobra.Command, p *parts, _ []string) error {
			merchants, err := p.store.Merchants.Merchants(cmd.Context())
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			for _, m := range merchants {
				fmt.Fprintf(table, "%s\t%s\tsuspended=%t\t%s\n", m.ID, m.Name, m.Suspended, m.NotifyURL)
			}
			return table.Flush()
		}),
	}
}

// merchantSwitch returns a command that changes one state of a merchant.
func merchantSwitch(
	environ []string, verb, short string, turn func(*store.Merchants, context.Context, pirogue.MerchantID) error,
) *cobra.Command {
	return &cobra.Command{
		Use: verb + " MERCHANT_ID", Short: short, Args: cobra.ExactArgs(1),
		RunE: onStore(environ, func(cmd *cobra.Command, p *parts, args []string) error {
			return turn(p.store.Merchants, cmd.Context(), pirogue.MerchantID(args[0]))
		}),
	}
}

// merchantKey returns the commands that manage API keys. A secret is printed once, at its
// creation.
func merchantKey(environ []string) *cobra.Command {
	cmd := &cobra.Command{Use: "key", Short: "API keys of a merchant"}
	var live bool
	create := &cobra.Command{
		Use: "create MERCHANT_ID", Short: "Create a key; its secret is shown once", Args: cobra.ExactArgs(1),
		RunE: onStore(environ, func(cmd *cobra.Command, p *parts, args []string) error {
			mode := pirogue.Test
			if live {
				mode = pirogue.Live
			}
			owner := access.Owner{MerchantID: pirogue.MerchantID(args[0]), Mode: mode}
			public, secret, err := p.store.Keys.CreateKey(cmd.Context(), owner, nil)
			if err != nil {
				return err
			}
			printKey(cmd, public, secret)
			return nil
		}),
	}
	create.Flags().BoolVar(&live, "live", false, "a live key, which moves real money")

	var overlap time.Duration
	rotate := &cobra.Command{
		Use: "rotate KEY", Short: "Give a key another secret; the old one stays good for a while", Args: cobra.ExactArgs(1),
		RunE: onStore(environ, func(cmd *cobra.Command, p *parts, args []string) error {
			secret, err := p.store.Keys.RotateKey(cmd.Context(), args[0], overlap)
			if err != nil {
				return err
			}
			printKey(cmd, args[0], secret)
			return nil
		}),
	}
	rotate.Flags().DurationVar(&overlap, "overlap", access.RotationOverlap, "how long the old secret stays good")

	revoke := &cobra.Command{
		Use: "revoke KEY", Short: "Refuse a key from this moment on", Args: cobra.ExactArgs(1),
		RunE: onStore(environ, func(cmd *cobra.Command, p *parts, args []string) error {
			return p.store.Keys.RevokeKey(cmd.Context(), args[0])
		}),
	}
	cmd.AddCommand(create, rotate, revoke)
	return cmd
}

// printKey prints a key and its secret as lines that a shell can source.
func printKey(cmd *cobra.Command, public, secret string) {
	fmt.Fprintf(cmd.OutOrStdout(), "NEKAPAY_API_KEY=%s\nNEKAPAY_API_SECRET=%s\n", public, secret)
}
