package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"pirogue"
	"pirogue/bulk"
)

// bulksPath is the merchant API's path for bulks.
const bulksPath = "/payments/cashout/bulk"

// bulkCommand returns a merchant's commands for many cash-outs at once. They call the merchant
// API with the merchant's key, as any client does.
func bulkCommand(environ []string) *cobra.Command {
	cmd := &cobra.Command{
		Use: "bulk", Short: "Pay into many wallets at once, with a merchant's key",
		Long: "Asks the merchant API at NEKAPAY_BASE_URL with NEKAPAY_API_KEY and NEKAPAY_API_SECRET, like the samples.",
	}
	cmd.AddCommand(bulkSubmit(environ), bulkWatch(environ), bulkResults(environ), bulkCancel(environ))
	return cmd
}

// withClient adapts a function that calls the merchant API to a command. The client has the
// settings of environ.
func withClient(environ []string, do func(*cobra.Command, *bulkClient, []string) error) runner {
	return func(cmd *cobra.Command, args []string) error {
		client, err := newBulkClient(environ)
		if err != nil {
			return err
		}
		return do(cmd, client, args)
	}
}

// submission holds the settings of a bulk that come from flags and not from the file.
type submission struct {
	reference, notifyURL string
	notifyLines, watch   bool
}

// bulkSubmit returns the command that submits a file. Its output is the bulk's ID alone, for
// scripts; everything else goes to standard error.
func bulkSubmit(environ []string) *cobra.Command {
	var s submission
	cmd := &cobra.Command{
		Use: "submit FILE", Args: cobra.ExactArgs(1),
		Short: "Submit a CSV, or a .json as the API takes it; the same command again does no harm",
	}
	cmd.Flags().StringVar(&s.reference, "reference", "", "your reference, unique for ever")
	cmd.Flags().StringVar(&s.notifyURL, "notify-url", "", "where the webhook goes instead of the account's address")
	cmd.Flags().BoolVar(&s.notifyLines, "notify-lines", false, "have each line's end told by a webhook as well")
	cmd.Flags().BoolVar(&s.watch, "watch", false, "watch it until every line is over")
	cmd.RunE = withClient(environ, func(cmd *cobra.Command, c *bulkClient, args []string) error {
		request, err := s.request(args[0])
		if err != nil {
			return err
		}
		bulk, err := c.bulk(cmd.Context(), request)
		if bulk, err = accepted(cmd.ErrOrStderr(), bulk, err); err != nil {
			return err
		}
		fmt.Fprintln(cmd.OutOrStdout(), bulk.ID)
		fmt.Fprintln(cmd.ErrOrStderr(), "accepted:", summary(bulk))
		if s.watch {
			return watchBulk(cmd.Context(), c, bulk.ID, cmd.ErrOrStderr())
		}
		return nil
	})
	return cmd
}

// request returns the request that submits a file: CSV or JSON, by the file's name.
func (s submission) request(file string) (bulkRequest, error) {
	body, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return bulkRequest{}, err
	}
	if strings.EqualFold(filepath.Ext(file), ".json") {
		body, err = s.intoJSON(body)
		return bulkRequest{http.MethodPost, bulksPath, "application/json", body}, err
	}
	if s.reference == "" {
		return bulkRequest{}, errors.New("a CSV needs --reference, which makes submitting it again harmless")
	}
	query := url.Values{"merchant_bulk_id": {s.reference}}
	if s.notifyURL != "" {
		query.Set("notify_url", s.notifyURL)
	}
	if s.notifyLines {
		query.Set("notify_lines", "true")
	}
	return bulkRequest{http.MethodPost, bulksPath + "?" + query.Encode(), "text/csv; charset=utf-8", body}, nil
}

// intoJSON adds the values of the flags to a bulk in JSON. It keeps every other value byte by
// byte. It refuses a field that occurs twice: only one of the two values would be sent.
func (s submission) intoJSON(body []byte) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, fmt.Errorf("the file is not a JSON object: %w", err)
	}
	if err := namedOnce(body); err != nil {
		return nil, err
	}
	for name, value := range map[string]any{
		"merchant_bulk_id": s.reference, "notify_url": s.notifyURL, "notify_lines": s.notifyLines,
	} {
		if value == "" || value == false {
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		fields[name] = text
	}
	return json.Marshal(fields)
}

// namedOnce fails if valid JSON is no object, or an object that has a field twice.
func namedOnce(body []byte) error {
	decoder, seen := json.NewDecoder(bytes.NewReader(body)), map[json.Token]bool{}
	brace, err := decoder.Token()
	if err == nil && brace != json.Delim('{') {
		return errors.New("the file is not a JSON object")
	}
	for err == nil && decoder.More() {
		var name json.Token
		if name, err = decoder.Token(); err != nil {
			break
		}
		if seen[name] {
			return fmt.Errorf("the file has %q twice", name)
		}
		seen[name] = true
		err = decoder.Decode(&json.RawMessage{})
	}
	return err
}

// accepted returns the bulk of an earlier submission if the API answers that this one repeats it.
// So a merchant may submit the same file again.
func accepted(out io.Writer, bulk bulkState, err error) (bulkState, error) {
	var no *refusal
	if !errors.As(err, &no) || no.Code != pirogue.DuplicateOrder || len(no.Data) == 0 {
		return bulk, err
	}
	fmt.Fprintln(out, "this bulk was accepted before")
	return bulk, json.Unmarshal(no.Data, &bulk)
}

// summary returns the number of lines, the amount, the fees and the state of a bulk in one line.
func summary(b bulkState) string {
	total := pirogue.Money{Minor: b.Amount, Currency: b.Currency}
	return fmt.Sprintf("%d lines, %s and %d in fees, %s", b.Lines, total, b.Fee, b.State)
}

// bulkResults returns the command that prints the result of each line. It streams them, so a
// large bulk needs no memory.
func bulkResults(environ []string) *cobra.Command {
	var asCSV bool
	var locale string
	cmd := &cobra.Command{
		Use: "results BULK_ID", Short: "Print what became of each line, as JSON or CSV", Args: cobra.ExactArgs(1),
	}
	cmd.Flags().BoolVar(&asCSV, "csv", false, "print CSV")
	cmd.Flags().StringVar(&locale, "locale", "en", "of the CSV: fr is for French Excel")
	cmd.RunE = withClient(environ, func(cmd *cobra.Command, c *bulkClient, args []string) error {
		query := url.Values{"format": {"json"}}
		if asCSV {
			query = url.Values{"format": {"csv"}, "locale": {locale}}
		}
		path := bulksPath + "/" + url.PathEscape(args[0]) + "/lines?" + query.Encode()
		return c.insist(cmd.Context(), bulkRequest{method: http.MethodGet, path: path}, func(r io.Reader) error {
			_, err := io.Copy(cmd.OutOrStdout(), r) // a response that breaks off is an error
			return err
		})
	})
	return cmd
}

// bulkCancel returns the command that cancels the lines of a bulk that were not sent.
func bulkCancel(environ []string) *cobra.Command {
	return &cobra.Command{
		Use: "cancel BULK_ID", Args: cobra.ExactArgs(1),
		Short: "Cancel every line that was not sent and free its money",
		RunE: withClient(environ, func(cmd *cobra.Command, c *bulkClient, args []string) error {
			body, err := json.Marshal(map[string]string{"bulk_id": args[0]})
			if err != nil {
				return err
			}
			path := bulksPath + "/" + url.PathEscape(args[0]) + "/cancel"
			created, err := c.bulk(cmd.Context(), bulkRequest{http.MethodPost, path, "application/json", body})
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %d lines are cancelled\n", created.State, created.Counts[bulk.LineCancelled])
			}
			return err
		}),
	}
}

// bulkWatch returns the command that prints a bulk's progress until it ends.
func bulkWatch(environ []string) *cobra.Command {
	return &cobra.Command{
		Use: "watch BULK_ID", Short: "Watch a bulk until every line is over", Args: cobra.ExactArgs(1),
		RunE: withClient(environ, func(cmd *cobra.Command, c *bulkClient, args []string) error {
			return watchBulk(cmd.Context(), c, args[0], cmd.OutOrStdout())
		}),
	}
}

// readBulk reads a bulk and the counts of its lines.
func (c *bulkClient) readBulk(ctx context.Context, id string) (bulkState, error) {
	return c.bulk(ctx, bulkRequest{method: http.MethodGet, path: bulksPath + "/" + url.PathEscape(id)})
}
