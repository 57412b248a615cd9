package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"pirogue"
	"pirogue/access"
	"pirogue/api/admin"
	"pirogue/listing"
	"pirogue/support"
)

// groups holds the help of each word that several operations share.
var groups = map[string]string{
	"fee":       "What a merchant's contract says about fees",
	"bulk":      "See how a bulk stands, and cancel it",
	"merchant":  "Suspend a merchant, resume it, and set where its webhooks go",
	"ask-first": "", // a command of its own: see askFirst
}

// operations lists every command of `pirogue admin` that calls the admin API, and nothing else than
// one call of it.
var operations = []operation{
	// Find and read.
	{
		use: "find TERM", flags: limitFlag,
		short: "Find payments by any id: ours, the merchant's, the operator's, or a number",
		call: reads(func(ctx context.Context, c *admin.Client, in *input) ([]admin.Payment, error) {
			return c.Find(ctx, in.args[0], in.limit)
		}, paymentRows),
	},
	{
		use: "show PAYMENT", short: "Show a payment: what it waits for, its cases, and what can be done",
		call: reads(func(ctx context.Context, c *admin.Client, in *input) (admin.Details, error) {
			return c.Payment(ctx, pirogue.PaymentID(in.args[0]))
		}, detailRows),
	},
	{
		use: "timeline PAYMENT", short: "List everything that happened to a payment",
		call: reads(func(ctx context.Context, c *admin.Client, in *input) ([]admin.TimelineEntry, error) {
			return c.Timeline(ctx, pirogue.PaymentID(in.args[0]))
		}, timelineRows),
	},
	{
		use: "stuck", short: "List the payments that need a look, each with why", flags: filterFlags(
			"CASE_OPEN, ANSWER_UNKNOWN, OPERATOR_SLOW, OPERATOR_DOWN, MERCHANT_SUSPENDED, NOT_STARTED or WEBHOOK_FAILING"),
		call: reads(func(ctx context.Context, c *admin.Client, in *input) (admin.Worklist[admin.Stuck], error) {
			return c.Stuck(ctx, in.workFilter())
		}, stuckRows),
	},
	{
		use: "cases", short: "List open cases", flags: filterFlags("such as LATE_SUCCESS or UNKNOWN_OUTCOME"),
		call: reads(func(ctx context.Context, c *admin.Client, in *input) (admin.Worklist[admin.OpenCase], error) {
			return c.Cases(ctx, in.workFilter())
		}, caseRows),
	},
	{
		use: "audit [PAYMENT]", short: "Read the audit log, newest first", flags: limitFlag,
		call: reads(func(ctx context.Context, c *admin.Client, in *input) ([]admin.AuditEntry, error) {
			return c.AuditEntries(ctx, pirogue.PaymentID(strings.Join(in.args, "")), in.limit)
		}, auditRows),
	},
	{
		use: "operators", short: "List the operators with their circuit breakers",
		call: reads(func(ctx context.Context, c *admin.Client, _ *input) ([]admin.Operator, error) {
			return c.Operators(ctx)
		}, operatorRows),
	},
	{
		use: "bulk show BULK", short: "Show how a bulk and its lines stand",
		call: reads(func(ctx context.Context, c *admin.Client, in *input) (admin.Bulk, error) {
			return c.Bulk(ctx, pirogue.BulkID(in.args[0]))
		}, bulkRows),
	},
	{
		use: "fee list MERCHANT", short: "List a merchant's fees",
		call: reads(func(ctx context.Context, c *admin.Client, in *input) ([]admin.Fee, error) {
			return c.Merchants().Fees(ctx, pirogue.MerchantID(in.args[0]))
		}, feeRows),
	},
	{
		use: "settlements MERCHANT", short: "List the transfers to a merchant's bank", flags: liveFlag,
		call: reads(func(ctx context.Context, c *admin.Client, in *input) ([]admin.Settlement, error) {
			return c.Merchants().Settlements(ctx, access.Owner{MerchantID: pirogue.MerchantID(in.args[0]), Mode: in.mode()})
		}, settlementRows),
	},
	{
		use: "ask-first show", short: "Show who was asked, and what is in no book",
		call: reads(func(ctx context.Context, c *admin.Client, _ *input) (admin.AskFirst, error) {
			return c.AskFirst(ctx)
		}, askFirstRows),
	},

	// Act on a payment.
	{use: "recheck PAYMENT", short: "Have the operator asked at once", call: actsOn((*admin.Client).Recheck)},
	{
		use: "redrive PAYMENT", short: "Ask the operator, then send again if that cannot pay twice",
		call: actsOn((*admin.Client).Redrive),
	},
	{
		use: "resolve PAYMENT", short: "Settle with evidence what the operator cannot tell; a second person confirms",
		flags: resolutionFlags, required: []string{"as", "evidence"},
		call: acts(func(ctx context.Context, c *admin.Client, in *input) (admin.AuditEntry, error) {
			resolution := in.resolution
			resolution.CaseID = caseOf(in.args[0], string(resolution.CaseID))
			return c.Resolve(ctx, pirogue.PaymentID(in.args[0]), resolution, in.reason)
		}),
	},
	{
		use: "resend PAYMENT", short: "Tell the merchant again how a payment ended", flags: eventFlag,
		call: acts(func(ctx context.Context, c *admin.Client, in *input) (admin.AuditEntry, error) {
			return c.Resend(ctx, pirogue.PaymentID(in.args[0]), in.eventID, in.reason)
		}),
	},

	// Act on a bulk, a merchant or an operator.
	{
		use: "bulk cancel BULK", short: "Cancel every line that was not sent and free its money",
		call: actsOn((*admin.Client).CancelBulk),
	},
	{
		use: "merchant suspend MERCHANT", short: "Refuse a merchant's requests and send nothing of theirs that has not left",
		call: acts(func(ctx context.Context, c *admin.Client, in *input) (admin.AuditEntry, error) {
			return c.Merchants().Suspend(ctx, pirogue.MerchantID(in.args[0]), in.reason)
		}),
	},
	{
		use: "merchant resume MERCHANT", short: "Accept a suspended merchant's requests again and send what waited",
		call: acts(func(ctx context.Context, c *admin.Client, in *input) (admin.AuditEntry, error) {
			return c.Merchants().Resume(ctx, pirogue.MerchantID(in.args[0]), in.reason)
		}),
	},
	{
		use: "merchant notify-url MERCHANT URL", short: `Set where a merchant's webhooks go; "" for nowhere`,
		call: acts(func(ctx context.Context, c *admin.Client, in *input) (admin.AuditEntry, error) {
			return c.Merchants().SetNotifyURL(ctx, pirogue.MerchantID(in.args[0]), in.args[1], in.reason)
		}),
	},
	{
		use: "late-policy MERCHANT return|accept", short: "Say what becomes of money that arrives after a payment ended",
		check: checkLatePolicy,
		call: acts(func(ctx context.Context, c *admin.Client, in *input) (admin.AuditEntry, error) {
			return c.Merchants().SetLatePolicy(ctx, pirogue.MerchantID(in.args[0]), pirogue.LatePolicy(in.args[1]), in.reason)
		}),
	},
	{
		use: "fee set MERCHANT", flags: feeFlags, required: []string{"type"},
		short: "Replace the fee of one type, country and network; payments accepted before keep theirs",
		call: acts(func(ctx context.Context, c *admin.Client, in *input) (admin.AuditEntry, error) {
			return c.Merchants().SetFee(ctx, pirogue.MerchantID(in.args[0]), in.fee, in.reason)
		}),
	},
	{
		use: "fee remove MERCHANT", flags: feeKeyFlags, required: []string{"type"},
		short: "Remove the fee of one type, country and network; payments accepted before keep theirs",
		call: acts(func(ctx context.Context, c *admin.Client, in *input) (admin.AuditEntry, error) {
			key := admin.FeeKey{Kind: in.fee.Kind, Country: in.fee.Country, Network: in.fee.Network}
			return c.Merchants().RemoveFee(ctx, pirogue.MerchantID(in.args[0]), key, in.reason)
		}),
	},
	{
		use: "settlement MERCHANT", short: "Book money that was sent to a merchant's bank, once for its --id",
		flags: settlementFlags, required: []string{"id", "country", "amount"},
		call: acts(func(ctx context.Context, c *admin.Client, in *input) (admin.AuditEntry, error) {
			country, known := pirogue.CountryByCode(in.settlement.Country)
			if !known {
				return admin.AuditEntry{}, pirogue.FieldError(pirogue.CountryNotSupported, "country")
			}
			settlement := in.settlement
			settlement.Currency, settlement.Mode = country.Currency, in.mode()
			return c.Merchants().Settle(ctx, pirogue.MerchantID(in.args[0]), settlement, in.reason)
		}),
	},
	{
		use: "park OPERATOR", short: "Take an operator out of service; what waits for it is kept",
		call: actsOn((*admin.Client).Park),
	},
	{
		use: "unpark OPERATOR", short: "Put an operator back; what waited comes back slowly",
		call: actsOn((*admin.Client).Unpark),
	},

	// Act on a restored database.
	{
		use: "ask-first looked OPERATOR", flags: evidenceFlag, required: []string{"evidence"},
		short: "Say where a person looked instead, for an operator that has no list or does not answer",
		call: acts(func(ctx context.Context, c *admin.Client, in *input) (admin.AuditEntry, error) {
			return c.Looked(ctx, pirogue.OperatorCode(in.args[0]), in.evidence, in.reason)
		}),
	},
	{
		use:   "ask-first end",
		short: "Accept and send again; a second person confirms where money may have left that is in no book",
		call: acts(func(ctx context.Context, c *admin.Client, in *input) (admin.AuditEntry, error) {
			return c.EndAskFirst(ctx, in.reason)
		}),
	},
}

// mode returns the mode that --live chooses.
func (in *input) mode() pirogue.Mode {
	if in.live {
		return pirogue.Live
	}
	return pirogue.Test
}

// workFilter returns the filter of a worklist at this moment.
func (in *input) workFilter() support.WorkFilter {
	f := in.filter
	if in.olderThan > 0 {
		f.Before = time.Now().Add(-in.olderThan)
	}
	return f
}

// checkLatePolicy checks the arguments of late-policy.
func checkLatePolicy(args []string) error {
	policies := []string{string(pirogue.LateReturn), string(pirogue.LateAccept)}
	if len(args) != 2 || !slices.Contains(policies, args[1]) {
		return errors.New("late-policy takes a merchant and return or accept")
	}
	return nil
}

// caseOf returns the ID of a payment's case. It accepts the whole ID and the short form that
// `admin cases` prints, which leaves the payment out. "" stays "".
func caseOf(payment, shown string) support.CaseID {
	if shown == "" || strings.HasPrefix(shown, payment+"/") {
		return support.CaseID(shown)
	}
	return support.NewCaseID(pirogue.PaymentID(payment), support.Cause(shown))
}

// limitFlag adds --limit.
func limitFlag(flags *pflag.FlagSet, in *input) {
	flags.IntVar(&in.limit, "limit", listing.MaxPage, "how many rows at most")
}

// liveFlag adds --live.
func liveFlag(flags *pflag.FlagSet, in *input) { flags.BoolVar(&in.live, "live", false, "real money") }

// eventFlag adds --event.
func eventFlag(flags *pflag.FlagSet, in *input) {
	flags.StringVar((*string)(&in.eventID), "event", "", "which event; default the latest")
}

// evidenceFlag adds --evidence.
func evidenceFlag(flags *pflag.FlagSet, in *input) {
	flags.StringVar(&in.evidence, "evidence", "", "where it can be seen, such as an export of the operator's portal")
}

// filterFlags returns a function that adds the flags of a worklist. causes lists the values that
// --cause accepts, for the help.
func filterFlags(causes string) func(*pflag.FlagSet, *input) {
	return func(flags *pflag.FlagSet, in *input) {
		f := &in.filter
		flags.StringVar(&f.Cause, "cause", "", "only this cause: "+causes)
		flags.StringVar((*string)(&f.Operator), "operator", "", "only at this operator")
		flags.StringVar((*string)(&f.Merchant), "merchant", "", "only of this merchant")
		flags.StringVar((*string)(&f.Country), "country", "", "only of this country, such as ML")
		flags.StringVar((*string)(&f.Kind), "type", "", "only CASHIN, CASHOUT or REFUND")
		flags.DurationVar(&in.olderThan, "older-than", 0, "only what has waited longer, such as 24h")
		flags.StringVar(&f.After, "cursor", "", "go on where a page ended")
		flags.IntVar(&f.Limit, "limit", listing.MaxPage, "how many rows a page has at most")
	}
}

// resolutionFlags adds the flags of resolve.
func resolutionFlags(flags *pflag.FlagSet, in *input) {
	r := &in.resolution
	flags.StringVar((*string)(&r.As), "as", "",
		"paid or unpaid for an unknown outcome, also paid_in_part for money that left otherwise than ordered;\n"+
			"return (to the payer) or placed (by hand) for money in suspense")
	flags.StringVar(&r.Evidence, "evidence", "", "where it can be seen, such as a line of the operator's statement")
	flags.StringVar((*string)(&r.CaseID), "case", "", "which case, as cases shows it; default the payment's only open one")
}

// settlementFlags adds the flags of settlement.
func settlementFlags(flags *pflag.FlagSet, in *input) {
	s := &in.settlement
	flags.StringVar(&s.ID, "id", "", "the bank's reference: the same one is booked once")
	flags.StringVar((*string)(&s.Country), "country", "", "which balance, such as ML")
	flags.Int64Var(&s.Amount, "amount", 0, "in minor units of the country's currency")
	flags.StringVar(&s.Note, "note", "", "for the merchant's accountant")
	liveFlag(flags, in)
}

// feeKeyFlags adds the flags that name a rule of a contract.
func feeKeyFlags(flags *pflag.FlagSet, in *input) {
	f := &in.fee
	flags.StringVar((*string)(&f.Kind), "type", "", "CASHIN, CASHOUT or REFUND")
	flags.StringVar((*string)(&f.Country), "country", "", "such as ML; default every country")
	flags.StringVar((*string)(&f.Network), "network", "", "such as orange; default every network")
}

// feeFlags adds the flags of fee set.
func feeFlags(flags *pflag.FlagSet, in *input) {
	feeKeyFlags(flags, in)
	f := &in.fee
	flags.Int64Var(&f.Fixed, "fixed", 0, "in minor units")
	flags.Int64Var(&f.BasisPoints, "basis-points", 0, "hundredths of a per cent of the amount")
	flags.Int64Var(&f.Min, "min", 0, "at least, in minor units")
	flags.Int64Var(&f.Max, "max", 0, "at most, in minor units; 0 for no bound")
	flags.StringVar((*string)(&f.Payer), "payer", string(pirogue.PaidByMerchant), "merchant or customer")
	flags.BoolVar(&f.Returned, "returned", false, "a refund gives the fee back in proportion")
}
