package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"pirogue/support"
)

// token returns the commands that make, list and revoke tokens of the admin API. They work on the
// database: the admin API admits nobody before a first token exists.
func (tool *adminTool) token() *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Who may use the admin API"}
	var role string
	create := &cobra.Command{
		Use: "create NAME", Args: cobra.ExactArgs(1),
		Short: "Create a token; it is shown once, and NAME is who acts in the audit log",
		RunE: onStore(tool.environ, func(cmd *cobra.Command, p *parts, args []string) error {
			secret, err := p.store.Tokens.CreateToken(cmd.Context(), args[0], support.Role(role))
			if err != nil {
				return fmt.Errorf("%s has a token already, or %q is none of reader, support, finance: %w", args[0], role, err)
			}
			made := map[string]string{"name": args[0], "role": role, "token": secret}
			return tool.print(cmd.OutOrStdout(), made, [][]string{{"PIROGUE_SUPPORT_TOKEN=" + secret}})
		}),
	}
	create.Flags().StringVar(&role, "role", "",
		"reader: read everything, rebuild --dry-run;\n"+
			"support: also recheck, redrive, resend, park, unpark, merchant suspend, bulk cancel, rebuild;\n"+
			"finance: also resolve, settlement, fee set and remove, late-policy, merchant notify-url and resume,\n"+
			"ask-first looked and end")
	needed(create, "role")

	revoke := &cobra.Command{
		Use: "revoke NAME", Short: "Refuse a name's token from this moment on", Args: cobra.ExactArgs(1),
		RunE: onStore(tool.environ, func(cmd *cobra.Command, p *parts, args []string) error {
			return p.store.Tokens.RevokeToken(cmd.Context(), args[0])
		}),
	}
	list := &cobra.Command{
		Use: "list", Short: "List the tokens, without their secrets", Args: cobra.NoArgs,
		RunE: onStore(tool.environ, func(cmd *cobra.Command, p *parts, _ []string) error {
			tokens, err := p.store.Tokens.Tokens(cmd.Context())
			if err != nil {
				return err
			}
			views := make([]tokenView, len(tokens))
			for i, t := range tokens {
				views[i] = tokenView{Name: t.Name, Role: t.Role, CreatedAt: at(t.CreatedAt), RevokedAt: at(t.RevokedAt)}
			}
			rows := table("NAME ROLE CREATED REVOKED", func(t tokenView) []string {
				return []string{t.Name, string(t.Role), t.CreatedAt, t.RevokedAt}
			})
			return tool.print(cmd.OutOrStdout(), views, rows(views))
		}),
	}
	cmd.AddCommand(create, revoke, list)
	return cmd
}

// tokenView holds the fields of a token that may be printed: all but its secret.
type tokenView struct {
	Name      string       `json:"name"`
	Role      support.Role `json:"role"`
	CreatedAt string       `json:"created_at"`
	RevokedAt string       `json:"revoked_at,omitempty"`
}
