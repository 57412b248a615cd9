package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"pirogue"
	"pirogue/api/admin"
	"pirogue/config"
)

const (
	bookTimeout = 30 * time.Second // to read a simulator's whole book
	maxBook     = 256 << 20        // bytes
)

// The rules that need the operator's own book. The database alone cannot show that they are
// broken.
const (
	ruleOnce  = "an operator executes a reference once"
	ruleEqual = "our books and the operator's say the same about a reference"
)

// verify returns the command that checks the books: in the database itself, and against the book
// of each configured simulator.
func (tool *adminTool) verify() *cobra.Command {
	return &cobra.Command{
		Use: "verify", Args: cobra.NoArgs,
		Short: "Check that the books balance and nothing was lost or paid twice",
		Long: "Checks every rule of the books against the whole database, and what the books say went through each\n" +
			"simulator against the simulator's own book. Prints each violation and fails when there is one. What an\n" +
			"operator executed for a payment that is still under way is no violation. A simulator that cannot be asked\n" +
			"fails the command if the books say that money went through it.",
		RunE: onStore(tool.environ, func(cmd *cobra.Command, p *parts, _ []string) error {
			found, missed := booksCheck{p}.violations(cmd.Context())
			if found == nil {
				return missed
			}
			rows := [][]string{{"the books balance"}}
			if len(found) > 0 {
				rows = table("RULE ROW", func(v admin.Violation) []string { return []string{v.Rule, v.Row} })(found)
			}
			err := tool.print(cmd.OutOrStdout(), found, rows)
			if len(found) > 0 {
				err = errors.Join(err, fmt.Errorf("the books do not balance: %d violations", len(found)))
			}
			return errors.Join(err, missed)
		}),
	}
}

// booksCheck compares the books with the database's rules and with the simulators' books.
type booksCheck struct{ *parts }

// violations returns everything that breaks a rule. The list is empty if nothing does, and nil if
// the database could not be checked. missed names the simulators whose books could not be
// compared.
func (p booksCheck) violations(ctx context.Context) (found []admin.Violation, missed error) {
	found, err := books{p.store.Books}.Audit(ctx)
	if err != nil {
		return nil, err
	}
	for url, codes := range simulators(p.conf.Operators) {
		wrong, err := p.compareTwice(ctx, url, codes)
		if err != nil {
			missed = errors.Join(missed, fmt.Errorf("not compared: %w", err))
		}
		found = append(found, wrong...)
	}
	slices.SortFunc(found, func(a, b admin.Violation) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Row, b.Row))
	})
	return found, missed
}

// simulators returns the instances that each simulator plays, by the simulator's address. Several
// countries can share a simulator; its one book holds the money of all of them.
func simulators(operators []config.Operator) map[string][]pirogue.OperatorCode {
	played := map[string][]pirogue.OperatorCode{}
	for _, o := range operators {
		if o.Simulator {
			url := simulatorOf(o.BaseURL)
			played[url] = append(played[url], o.Code)
		}
	}
	return played
}

// simulatorOf returns the address of a simulator's book. It is the first segment of the path
// under which the simulator plays an operator's API.
func simulatorOf(baseURL string) string {
	u, err := url.Parse(baseURL)
	if err != nil {
		return baseURL
	}
	first, _, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	return u.Scheme + "://" + u.Host + "/" + first
}

// movement is one line of an operator's book, with the fields that the comparison reads.
type movement struct {
	Ref       string `json:"order_id"`
	Amount    int64  `json:"amount"`
	Direction string `json:"direction"` // "in", "out", or "" for an operator that only collects
}

// simulatorBook reads the whole book of the simulator at url.
func simulatorBook(ctx context.Context, url string) ([]movement, error) {
	ctx, cancel := context.WithTimeout(ctx, bookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/book", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("the simulator's book: %w", err)
	}
	defer resp.Body.Close()
	var book struct {
		Paid []movement `json:"paid"`
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the simulator's book: %s/book answers %s", url, resp.Status)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxBook)).Decode(&book); err != nil {
		return nil, fmt.Errorf("the simulator's book: %s/book: %w", url, err)
	}
	return book.Paid, nil
}

// compareTwice returns each difference between our book of some instances and their simulator's
// book. The two books cannot be read at one moment, so a payment that moves in between differs
// once. It reports only what differs both times.
func (p booksCheck) compareTwice(
	ctx context.Context, url string, codes []pirogue.OperatorCode,
) ([]admin.Violation, error) {
	before, err := p.compare(ctx, url, codes)
	if err != nil || len(before) == 0 {
		return nil, err
	}
	after, err := p.compare(ctx, url, codes)
	return slices.DeleteFunc(after, func(v admin.Violation) bool { return !slices.Contains(before, v) }), err
}

// line names a place in a book: the reference and the direction of the money.
type line struct{ ref, direction string }

// compare reads both books, ours first, and returns the lines that differ. If our book has no
// money at a simulator, the simulator may be absent.
func (p booksCheck) compare(ctx context.Context, url string, codes []pirogue.OperatorCode) ([]admin.Violation, error) {
	ours, err := p.ourBook(ctx, codes)
	if err != nil {
		return nil, err
	}
	book, err := simulatorBook(ctx, url)
	switch {
	case err != nil && len(ours) == 0: // live systems run without simulators
		return nil, nil
	case err != nil:
		return nil, err
	}
	var found []admin.Violation
	theirs := map[line]int64{}
	for _, m := range book {
		l := line{m.Ref, cmp.Or(m.Direction, "in")}
		if theirs[l] > 0 {
			found = append(found, admin.Violation{Rule: ruleOnce, Row: fmt.Sprintf("%s %s at %s", l.ref, l.direction, url)})
		}
		theirs[l] += m.Amount
	}
	lines := maps.Clone(theirs)
	maps.Copy(lines, ours)
	for l := range lines {
		differs := ours[l] != theirs[l] && (ours[l] > 0 || !p.underWay(ctx, l.ref))
		if differs {
			found = append(found, admin.Violation{Rule: ruleEqual, Row: fmt.Sprintf(
				"%s %s: %d here, %d at %s", l.ref, l.direction, ours[l], theirs[l], url)})
		}
	}
	return found, nil
}

// ourBook returns the amounts in our books that went through some instances.
func (p booksCheck) ourBook(ctx context.Context, codes []pirogue.OperatorCode) (map[line]int64, error) {
	ours := map[line]int64{}
	for _, code := range codes {
		in, out, err := p.store.Books.OperatorBook(ctx, code)
		if err != nil {
			return nil, err
		}
		for ref, amount := range in {
			ours[line{ref, "in"}] += amount
		}
		for ref, amount := range out {
			ours[line{ref, "out"}] += amount
		}
	}
	return ours, nil
}

// underWay reports whether the payment behind one of our references has not ended. The operator
// may have moved its money before our books show that.
func (p booksCheck) underWay(ctx context.Context, ref string) bool {
	found, err := p.store.Payments.Find(ctx, ref, 1)
	return err == nil && len(found) == 1 && !found[0].Status.Terminal()
}
