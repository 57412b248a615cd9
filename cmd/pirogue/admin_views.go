package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"pirogue"
	"pirogue/api/admin"
	"pirogue/bulk"
	"pirogue/lifecycle"
	"pirogue/support"
)

// paymentRows prints found payments.
var paymentRows = table("PAYMENT TYPE STATUS AMOUNT NUMBER OPERATOR ORDER MODE CREATED", paymentRow)

// paymentRow prints one payment.
func paymentRow(p admin.Payment) []string {
	return []string{
		string(p.ID), string(p.Kind), string(p.Status), money(p), p.MSISDN, string(p.Operator), p.OrderID, string(p.Mode),
		at(p.CreatedAt),
	}
}

// money prints a payment's amount and currency.
func money(p admin.Payment) string {
	return pirogue.Money{Minor: p.Amount, Currency: p.Currency}.String()
}

// detailRows returns the fields of a payment that have a value, as a table.
func detailRows(p admin.Details) [][]string {
	waiting, failure := lifecycle.WaitState{}, pirogue.Failure{}
	if p.Waiting != nil {
		waiting = *p.Waiting
	}
	if p.Failure != nil {
		failure = *p.Failure
	}
	rows := fieldsOf(
		"payment", string(p.ID), "type", string(p.Kind), "status", string(p.Status), "amount", money(p.Payment),
		"number", p.MSISDN, "merchant", string(p.MerchantID), "order", p.OrderID, "original", string(p.ParentID),
		"mode", string(p.Mode), "country", string(p.Country), "network", string(p.Network), "operator", string(p.Operator),
		"operator's id", p.ProviderTxID, "failure", string(failure.Code), "note", failure.Note,
		"created", at(p.CreatedAt), "updated", at(p.UpdatedAt), "settled", at(p.SettledAt),
		"waits for", waiting.For, "next poll", at(waiting.NextPoll), "deadline", at(waiting.Deadline),
		"workflow", p.WorkflowID, "allowed", joined(p.Allowed), "unreadable", p.Unreadable,
	)
	for _, c := range p.Cases {
		state := "open"
		if !c.ClosedAt.IsZero() {
			state = "closed " + at(c.ClosedAt)
		}
		rows = append(rows, []string{"case", fmt.Sprintf("%s, %s since %s: %s", c.Cause, state, at(c.OpenedAt), c.Note)})
	}
	return rows
}

// timelineRows prints the events of a payment in their order.
var timelineRows = table("AT WHO WHAT DETAILS", func(e admin.TimelineEntry) []string {
	details := ""
	if len(e.Details) > 0 {
		raw, _ := json.Marshal(e.Details) //nolint:errcheck // it was JSON a moment ago
		details = string(raw)
	}
	return []string{at(e.At), string(e.Source), e.Message, details}
})

// auditRows prints the audit log.
var auditRows = table("AT ACTOR ACTION PAYMENT DECISION REASON SUBJECT", func(a admin.AuditEntry) []string {
	decision := "under way"
	if a.Result != nil {
		decision = string(a.Result.Decision)
	}
	return []string{at(a.At), a.Actor, string(a.Action), string(a.PaymentID), decision, a.Reason, a.Subject}
})

// entryRows prints the result of a support action. An action without a result is under way: the
// payment's workflow has taken it.
func entryRows(a admin.AuditEntry) [][]string {
	result := support.ActionResult{Decision: "under way", Reason: "the payment's workflow has it; see audit"}
	if a.Result != nil {
		result = *a.Result
	}
	return fieldsOf(
		"audit", a.ID, "action", string(a.Action), "payment", string(a.PaymentID), "subject", a.Subject,
		"decision", string(result.Decision), "because", result.Reason, "evidence", result.Evidence,
		"status", string(result.Status),
	)
}

// worklist returns a table of one page and of the totals of all pages. It ends with the flag for the
// next page.
func worklist[T any](header string, row func(T) []string) func(admin.Worklist[T]) [][]string {
	return func(page admin.Worklist[T]) [][]string {
		rows := table(header, row)(page.Rows)
		if len(page.Tallies) > 0 {
			rows = append(rows, []string{""}, []string{"CAUSE", "PAYMENTS", "AT STAKE"})
		}
		for _, t := range page.Tallies {
			rows = append(rows, []string{
				t.Cause, fmt.Sprint(t.Payments), pirogue.Money{Minor: t.Amount, Currency: t.Currency}.String(),
			})
		}
		if page.Next != "" {
			rows = append(rows, []string{""}, []string{"more: --cursor " + page.Next})
		}
		return rows
	}
}

// readable returns the description of a row. If a part of the row cannot be decrypted, it says
// that first.
func readable(unreadable, text string) string {
	if unreadable == "" {
		return text
	}
	return unreadable + "; " + text
}

// stuckRows prints the stuck payments, each with its cause.
var stuckRows = worklist("PAYMENT CAUSE SINCE TYPE AMOUNT OPERATOR ALLOWED MESSAGE", func(s admin.Stuck) []string {
	return []string{
		string(s.Payment.ID), string(s.Cause), at(s.Since), string(s.Payment.Kind), money(s.Payment),
		string(s.Payment.Operator), joined(s.Allowed), readable(s.Unreadable, s.Message),
	}
})

// caseRows prints the open cases. It prints a case's ID without its payment; resolve accepts that
// form.
var caseRows = worklist("PAYMENT CASE OPENED STATUS AMOUNT SUSPENSE ALLOWED NOTE", func(c admin.OpenCase) []string {
	return []string{
		string(c.Payment.ID), strings.TrimPrefix(string(c.ID), string(c.Payment.ID)+"/"), at(c.OpenedAt),
		string(c.Payment.Status), money(c.Payment),
		fmt.Sprint(c.Paid), joined(c.Allowed), readable(c.Unreadable, c.Note),
	}
})

// operatorRows prints the operators. A parked operator shows who parked it and why.
var operatorRows = table("OPERATOR STATE SINCE UNDER_WAY WAITING WHY", func(o admin.Operator) []string {
	state, since, why := string(o.State), o.Since, o.Message
	if o.Parked {
		state, since, why = "PARKED", o.ParkedAt, o.ParkedBy+": "+o.ParkedWhy
	}
	return []string{string(o.Operator), state, at(since), fmt.Sprint(o.UnderWay), fmt.Sprint(o.Waiting), why}
})

// bulkRows returns a bulk as a table: its own fields, then a row for each status of its lines.
func bulkRows(b admin.Bulk) [][]string {
	rows := fieldsOf(
		"bulk", string(b.ID), "merchant", string(b.MerchantID)+" "+string(b.Mode), "reference", b.Reference,
		"state", string(b.State), "lines", fmt.Sprint(b.Lines), "amount", fmt.Sprintf("%d %s", b.Amount, b.Currency),
		"country", string(b.Country), "created", at(b.CreatedAt), "started", at(b.StartedAt), "closed", at(b.ClosedAt),
	)
	for _, status := range bulk.LineStatuses {
		if n := b.Counts[status]; n > 0 {
			rows = append(rows, []string{string(status), fmt.Sprintf("%d lines, %d %s", n, b.Amounts[status], b.Currency)})
		}
	}
	return rows
}

// feeRows prints a merchant's contract.
var feeRows = table("TYPE COUNTRY NETWORK FIXED BASIS_POINTS MIN MAX PAYER RETURNED", func(f admin.Fee) []string {
	return []string{
		string(f.Kind), every(string(f.Country)), every(string(f.Network)), fmt.Sprint(f.Fixed), fmt.Sprint(f.BasisPoints),
		fmt.Sprint(f.Min), fmt.Sprint(f.Max), string(f.Payer), fmt.Sprint(f.Returned),
	}
})

// settlementRows prints the transfers to a merchant's bank.
var settlementRows = table("ID COUNTRY AMOUNT PAID NOTE", func(s admin.Settlement) []string {
	return []string{
		s.ID, string(s.Country), pirogue.Money{Minor: s.Amount, Currency: s.Currency}.String(), at(s.PaidAt), s.Note,
	}
})

// every prints a rule's country or network: "every" for a rule that names none.
func every(text string) string {
	if text == "" {
		return "every"
	}
	return text
}

// askFirstRows returns the progress of ask-first mode as tables: the mode, then the operators,
// then what is in no book.
func askFirstRows(a admin.AskFirst) [][]string {
	rows := fieldsOf("restored to", at(a.Since), "begun", at(a.BegunAt), "by", a.BegunBy, "because", a.Reason,
		"Temporal asked", cmp.Or(at(a.TemporalAsked), "no"), "workflows to start again", fmt.Sprint(a.Outdated),
		"end proposed by", a.ProposedBy, "rows lost", fmt.Sprint(a.LostCount))
	for _, more := range [][][]string{
		table("OPERATOR ASKED LIST_READ_UNTIL UNANSWERED EVIDENCE", func(o admin.AskedOperator) []string {
			return []string{string(o.Operator), fmt.Sprint(o.Asked), at(o.ListedTo), fmt.Sprint(o.Unanswered), o.Evidence}
		})(a.Operators),
		table("IN_NO_BOOK TYPE LINES AMOUNT", func(s admin.UnmatchedSum) []string {
			return []string{
				string(s.Operator), string(cmp.Or(s.Kind, "?")), fmt.Sprint(s.Lines),
				pirogue.Money{Minor: s.Amount, Currency: s.Currency}.String(),
			}
		})(a.Sums),
		table("AT OPERATOR TRANSACTION REFERENCE TYPE OUTCOME AMOUNT", func(l admin.UnmatchedLine) []string {
			return []string{
				at(l.At), string(l.Operator), l.TxID, string(l.Reference), string(l.Kind), string(l.Outcome),
				pirogue.Money{Minor: l.Amount, Currency: l.Currency}.String(),
			}
		})(a.Lines),
		table("LOST STARTED STATE MERCHANT REFERENCE", func(l admin.LostRow) []string {
			return []string{l.WorkflowID, at(l.StartedAt), l.State, string(l.MerchantID), l.Reference}
		})(a.Lost),
	} {
		rows = append(append(rows, []string{""}), more...)
	}
	return rows
}
