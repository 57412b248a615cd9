package adaptertest

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// Row is one response with its expected result. Adapters' tables declare a short type of
// the same fields.
type Row struct {
	Status  int
	File    string
	Outcome pirogue.Outcome
	Code    pirogue.Code
	TxID    string
}

// Rows returns a Case for each response and each call.
func Rows[S ~struct {
	Status  int
	File    string
	Outcome pirogue.Outcome
	Code    pirogue.Code
	TxID    string
}](rows map[string]S, calls ...Call) map[string]Case {
	cases := map[string]Case{}
	for name, row := range rows {
		s := Row(row)
		for _, call := range calls {
			cases[string(call)+" is "+name] = Case{
				Call: call, Reply: Reply{Status: s.Status, File: s.File}, Outcome: s.Outcome, Code: s.Code, TxID: s.TxID,
			}
		}
	}
	return cases
}

// PaidCase returns a success whose amount or counterparty differs from the order, or that
// states an amount of its own.
func PaidCase(call Call, file, txID string, amount pirogue.Money, mismatch string) Case {
	return Case{
		Call: call, Reply: Reply{Status: 200, File: file}, Outcome: pirogue.OutcomePaid, TxID: txID, Amount: amount,
		Mismatch: mismatch,
	}
}

// StatusWords returns a Case for each word of a vocabulary and each case. It replaces * in the
// case's file by the word. Only a success keeps the case's amount.
func StatusWords(words map[string]pirogue.Outcome, rows ...Case) map[string]Case {
	cases := map[string]Case{}
	for word, outcome := range words {
		for _, c := range rows {
			name := fmt.Sprintf("%s says %s in %d %s", c.Call, word, c.Reply.Status, c.Reply.File)
			c.Outcome, c.Reply.File = outcome, strings.ReplaceAll(c.Reply.File, "*", word)
			if outcome != pirogue.OutcomePaid {
				c.Amount = pirogue.Money{}
			}
			cases[name] = c
		}
	}
	return cases
}

// all merges the cases of several tables. It fails the test if two rows have one name,
// because one would silently replace the other.
func all(t *testing.T, tables ...map[string]Case) map[string]Case {
	t.Helper()
	all := map[string]Case{}
	rows := 0
	for _, cases := range tables {
		maps.Copy(all, cases)
		rows += len(cases)
	}
	require.Len(t, all, rows)
	return all
}

// QueryOf returns the status query of an order sent now.
func QueryOf(o client.Submission) operator.StatusQuery {
	return operator.StatusQuery{Kind: o.Kind, Ref: o.Ref, Amount: o.Amount, MSISDN: o.MSISDN, SentAt: now}
}
