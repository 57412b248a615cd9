package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"pirogue/config"
)

// migrateCommand returns the commands that apply the migrations of the database's schema, and
// list them.
func migrateCommand(environ []string) *cobra.Command {
	cmd := &cobra.Command{Use: "migrate", Short: "Move the database's schema"}
	cmd.AddCommand(
		&cobra.Command{
			Use: "up", Short: "Apply what is missing; safe to run twice", Args: cobra.NoArgs,
			RunE: onStore(environ, func(cmd *cobra.Command, p *parts, _ []string) error {
				return p.store.Migrate(cmd.Context())
			}),
		},
		&cobra.Command{
			Use: "status", Short: "Print each migration and whether it is applied", Args: cobra.NoArgs,
			RunE: onStore(environ, func(cmd *cobra.Command, p *parts, _ []string) error {
				rows, err := p.store.MigrationStatus(cmd.Context())
				for _, row := range rows {
					fmt.Fprintln(cmd.OutOrStdout(), row)
				}
				return err
			}),
		},
	)
	return cmd
}

// laptopParts loads the settings and makes the parts. If no keys are set, it takes the keys that
// pirogue dev keeps beside the data.
func laptopParts(environ []string) (*parts, error) {
	conf, err := config.Load(environ)
	if err != nil {
		return nil, err
	}
	if conf.DatabaseURL == "sqlite:"+filepath.Join(conf.DataDir, "pirogue.db") {
		if err := ownKeys(&conf); err != nil {
			return nil, err
		}
	}
	return newParts(conf)
}

// runner is a command's function in Cobra's form.
type runner = func(*cobra.Command, []string) error

// onStore adapts a function over the open database to a command. It closes the database
// afterwards.
func onStore(environ []string, run func(*cobra.Command, *parts, []string) error) runner {
	return func(cmd *cobra.Command, args []string) error {
		p, err := laptopParts(environ)
		if err != nil {
			return err
		}
		if err := p.openStore(cmd.Context()); err != nil {
			return err
		}
		return errors.Join(run(cmd, p, args), p.Close())
	}
}
