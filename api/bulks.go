package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/access"
	"pirogue/api/httpkit"
	"pirogue/bulk"
	"pirogue/failpoint"
	"pirogue/ids"
)

// bulkRoutes serves bulks: many cash-outs that are accepted together.
type bulkRoutes struct {
	bulks     Bulks
	fees      Fees
	workflows Workflows
	requests  paymentRequests
	exports   *inFlightLimiter[access.Owner]
	clock     pirogue.Clock
	log       *zap.Logger
}

// register adds the routes.
func (h bulkRoutes) register(in routeGroup) {
	in.post("/payments/cashout/bulk", h.create)
	in.get("/payments/cashout/bulk/:bulk_id", h.get)
	in.get("/payments/cashout/bulk/:bulk_id/lines", h.getLines)
	in.post("/payments/cashout/bulk/:bulk_id/cancel", h.cancel)
}

// create accepts many cash-outs together: all of them or, with any mistake in one, none. The
// response names every mistake with its line. One transaction writes the bulk and sets its money
// aside. After that commit the response never reports a failure.
func (h bulkRoutes) create(c *gin.Context, rc *requestContext) error {
	ctx, cancel := context.WithTimeout(lifeOf(c.Request), bulkTime)
	defer cancel()
	in, err := h.read(c, rc)
	if err != nil {
		return err
	}
	b, lines, err := h.plan(ctx, rc, in)
	if err != nil {
		return err
	}
	if err := h.workflows.Ready(ctx); err != nil {
		return pirogue.Errorf(pirogue.ServiceUnavailable, "workflows are unavailable: %w", err)
	}
	failpoint.Hit("api.bulk.checked")
	stored, created, err := retryLostCommit(ctx, func(ctx context.Context) (bulk.Bulk, bool, error) {
		return h.bulks.AcceptBulk(ctx, b, lines)
	})
	if err != nil {
		return onLines(explainRestore(err), in)
	}
	progress, err := h.bulks.Bulk(ctx, rc.owner(), stored.ID)
	if !created && stored.ID != b.ID {
		return bulkConflict(progress, b, err)
	}
	if err != nil { // the bulk was accepted, so the response shows it as it began
		progress = bulk.BulkProgress{Bulk: stored, Tallies: map[bulk.LineStatus]bulk.BulkTally{
			bulk.LineWaiting: {Lines: b.Lines, Amount: b.Amount.Minor, Fee: b.Fee.Minor, Cost: b.Cost},
		}}
	}
	failpoint.Hit("api.bulk.committed")
	h.launch(ctx, rc, stored)
	c.JSON(http.StatusAccepted, responseBody[bulkView]{bulkOf(progress)})
	return nil
}

// plan chooses each line's operator and fee, as for a single cash-out. It fails with the first
// mistake's code and lists all mistakes. Lines of more than one subsidiary are a mistake.
func (h bulkRoutes) plan(ctx context.Context, rc *requestContext, in bulkRequest) (bulk.Bulk, []bulk.BulkLine, error) {
	contract, err := h.fees.Fees(ctx, rc.key.MerchantID)
	if err != nil {
		return bulk.Bulk{}, nil, err
	}
	b, err := h.newBulk(rc, in)
	if err != nil {
		return bulk.Bulk{}, nil, err
	}
	plan := linePlan{requests: h.requests, language: rc.language, contract: contract, bulk: b}
	lines, wrong := make([]bulk.BulkLine, len(in.lines)), mistakes{}
	for i, l := range in.lines {
		if wrong.full() {
			break
		}
		p, err := plan.payment(l)
		var said *pirogue.Error
		switch {
		case err == nil:
			lines[i] = bulk.BulkLine{Number: i + 1, Status: bulk.LineWaiting, Payment: p}
			err = add(&b, p)
		case errors.As(err, &said) && len(said.Params) > 0:
			wrong.line(i+1, l.at, said.Params...)
			continue
		}
		if err != nil {
			return bulk.Bulk{}, nil, err
		}
	}
	return b, lines, wrong.err()
}

// newBulk returns a bulk without lines that is created at this moment. Its subsidiary is that of
// the first line.
func (h bulkRoutes) newBulk(rc *requestContext, in bulkRequest) (bulk.Bulk, error) {
	now, home := h.clock.Now(), in.lines[0].country
	digest, err := in.digest()
	return bulk.Bulk{
		ID: pirogue.BulkID(ids.New()), MerchantID: rc.key.MerchantID, Mode: rc.key.Mode, Reference: in.reference,
		State: bulk.BulkAccepted, Country: home.Code, Amount: pirogue.Money{Currency: home.Currency},
		Fee: pirogue.Money{Currency: home.Currency}, Digest: digest, NotifyURL: in.notifyURL,
		NotifyLines: in.notifyLines, Metadata: in.metadata, CreatedAt: now, UpdatedAt: now,
	}, err
}

// otherSubsidiary is the text for a line of another country than the first line's.
var otherSubsidiary = pirogue.LocalizedText{
	FR: "Un envoi groupé sert une seule filiale, celle de sa première ligne.",
	EN: "A bulk serves one subsidiary, that of its first line.",
}

// linePlan holds what the payments of all lines of a bulk have in common.
type linePlan struct {
	requests paymentRequests
	language uiLanguage // of the texts of mistakes
	contract pirogue.FeeSchedule
	bulk     bulk.Bulk
}

// payment returns the payment that a line becomes.
func (plan linePlan) payment(l lineRequest) (pirogue.Payment, error) {
	b := plan.bulk
	if l.country.Code != b.Country {
		mistake := pirogue.Param{Field: numberField[pirogue.CashOut], Code: pirogue.CountryNotSupported}
		return pirogue.Payment{}, plan.language.tableError(mistake, otherSubsidiary)
	}
	route, err := plan.requests.route(&l.paymentRequest, b.Mode)
	if err != nil {
		return pirogue.Payment{}, err
	}
	p := pirogue.Payment{
		ID: ids.Payment(), MerchantID: b.MerchantID, Mode: b.Mode, Kind: pirogue.CashOut, OrderID: l.orderID,
		Status: pirogue.StatusCreated, Amount: pirogue.Money{Minor: l.amount, Currency: b.Amount.Currency},
		Country: b.Country, MSISDN: l.msisdn, Network: l.network, BulkID: b.ID,
		Quiet: !b.NotifyLines, CustomerName: l.customerName, Description: l.description, NotifyURL: l.notifyURL,
		Metadata: l.metadata, CreatedAt: b.CreatedAt, UpdatedAt: b.CreatedAt,
	}
	if p.NotifyURL == "" && b.NotifyLines {
		p.NotifyURL = b.NotifyURL
	}
	return priceBy(plan.contract, p, withinLimits(route))
}

// add adds a payment's sums to its bulk. It fails with InvalidAmount when all lines together cost
// more than pirogue.MaxAmount, because one transfer sets that sum aside.
func add(b *bulk.Bulk, p pirogue.Payment) error {
	amount, bad := b.Amount.Add(p.Amount)
	fee, worse := b.Fee.Add(p.Fee)
	cost, worst := (pirogue.Money{Minor: b.Cost, Currency: b.Amount.Currency}).Add(
		pirogue.Money{Minor: p.Net(), Currency: b.Amount.Currency})
	if errors.Join(bad, worse, worst) != nil || cost.Minor > pirogue.MaxAmount {
		return pirogue.FieldError(pirogue.InvalidAmount, "lines")
	}
	b.Lines, b.Amount, b.Fee, b.Cost = b.Lines+1, amount, fee, cost.Minor
	return nil
}

// onLines moves the database's errors about lines to the line numbers of the request.
func onLines(err error, in bulkRequest) error {
	var wrong *pirogue.Error
	if errors.As(err, &wrong) {
		for i, p := range wrong.Params {
			if p.Line > 0 {
				wrong.Params[i].Line = in.lines[p.Line-1].at
			}
		}
	}
	return err
}

// bulkConflict returns the 409 for a bulk that exists. It is a repeat when the content is the same;
// otherwise it names the fields that differ. Nothing was created either way.
func bulkConflict(original bulk.BulkProgress, asked bulk.Bulk, err error) error {
	if err != nil {
		return err
	}
	fields := original.Differences(asked)
	if len(fields) == 0 {
		return &problem{error: pirogue.Errorf(pirogue.DuplicateOrder, "the bulk exists"), data: bulkOf(original)}
	}
	mismatch := &pirogue.Error{Code: pirogue.IdempotencyMismatch}
	for _, field := range fields {
		mismatch.Params = append(mismatch.Params, pirogue.Param{Field: field, Code: pirogue.IdempotencyMismatch})
	}
	return &problem{error: mismatch, data: bulkOf(original)}
}

// launch starts a bulk's workflow. It only logs a failed start, because the bulk is stored and
// the sweep starts it.
func (h bulkRoutes) launch(ctx context.Context, rc *requestContext, b bulk.Bulk) {
	start, stop := context.WithTimeout(context.WithoutCancel(ctx), deliverTime)
	defer stop()
	if err := h.workflows.LaunchBulk(start, b); err != nil {
		h.log.Warn("bulk is left to the sweep",
			zap.String("request_id", rc.id), zap.String("bulk_id", string(b.ID)), zap.Error(err))
	}
	failpoint.Hit("api.bulk.started")
}

// bulkIDOf returns the bulk's ID in the path. It fails with NotFound for a text that cannot be an
// ID. The database fails so for another merchant's bulk.
func bulkIDOf(c *gin.Context) (pirogue.BulkID, error) {
	text := c.Param("bulk_id")
	if !transactionID.MatchString(text) {
		return "", pirogue.Errorf(pirogue.NotFound, "not an id")
	}
	return pirogue.BulkID(text), nil
}

// get responds with a bulk's current progress.
func (h bulkRoutes) get(c *gin.Context, rc *requestContext) error {
	if err := httpkit.ReadQuery(c.Request.URL.RawQuery).Err(); err != nil {
		return err
	}
	id, err := bulkIDOf(c)
	if err != nil {
		return err
	}
	progress, err := h.bulks.Bulk(rc.ctx, rc.owner(), id)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, responseBody[bulkView]{bulkOf(progress)})
	return nil
}

// cancel cancels the lines that have not begun. Its body must be an object, because the
// signature of an empty body would equal a GET'h. bulk_id is allowed in it.
func (h bulkRoutes) cancel(c *gin.Context, rc *requestContext) error {
	f, err := readForm(rc.body, "bulk_id")
	if err != nil {
		return err
	}
	f.text("bulk_id", pirogue.InvalidParameter, func(text string) bool { return text == c.Param("bulk_id") })
	if err := f.err(); err != nil {
		return err
	}
	id, err := bulkIDOf(c)
	if err != nil {
		return err
	}
	progress, err := h.bulks.CancelBulk(rc.ctx, rc.owner(), id, h.clock.Now())
	if err != nil {
		return err
	}
	c.JSON(http.StatusAccepted, responseBody[bulkView]{bulkOf(progress)})
	return nil
}
