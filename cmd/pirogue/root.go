package main

import (
	"fmt"
	"runtime/debug"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"pirogue/config"
)

// root returns the command line. environ is an argument so that a test can pass its own.
func root(environ []string) *cobra.Command {
	cmd := &cobra.Command{
		Use:           "pirogue",
		Short:         "Durable mobile-money payments for West and Central Africa",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.AddCommand(
		devCommand(environ), apiCommand(environ), workerCommand(environ), sandboxCommand(environ),
		migrateCommand(environ), merchantCommand(environ), operatorCommand(environ), routeCommand(environ),
		adminCommand(environ),
		bulkCommand(environ),
		configCommand(environ),
		healthCommand(environ), versionCommand(),
	)
	return cmd
}

// configCommand returns the commands that show the settings and report every mistake in them.
func configCommand(environ []string) *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Settings"}
	cmd.AddCommand(&cobra.Command{
		Use:   "check",
		Short: "Print every setting and report every mistake; secrets stay hidden",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			conf, err := config.Load(environ)
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			for _, s := range config.Settings() {
				fmt.Fprintf(table, "%s\t%s\t%s\n", s.Name, conf.Shown(s), s.Usage)
			}
			if flushed := table.Flush(); flushed != nil {
				return flushed
			}
			if err == nil {
				_, err = newParts(conf)
			}
			if err != nil {
				return fmt.Errorf("the settings have mistakes:\n%w", err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), "\nThe settings are good.")
			return nil
		},
	})
	return cmd
}

// versionCommand returns the command that prints the version of this binary.
func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			info, _ := debug.ReadBuildInfo()
			fmt.Fprintln(cmd.OutOrStdout(), "pirogue", info.Main.Version, info.GoVersion)
		},
	}
}
