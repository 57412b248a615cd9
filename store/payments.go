package store

import (
	"cmp"
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"pirogue"
	"pirogue/access"
	"pirogue/failpoint"
	"pirogue/listing"
)

// Accept writes a payment with its first attempt and the first line of its history, in one
// transaction. If the payment takes money from us, its hold is part of that. The owner's
// reference is a unique key: if it exists, nothing changes and the original is returned with
// false. That holds for two requests at once too: the second insert waits until the first is
// decided.
//
// It fails with InsufficientBalance; for a refund also with TransactionNotFound, RefundNotAllowed
// and RefundExceedsPayment.
func (db *Payments) Accept(
	ctx context.Context, p pirogue.Payment, a pirogue.Attempt, callbackDigest string,
) (pirogue.Payment, bool, error) {
	if field := unstorableField(p); field != "" {
		return pirogue.Payment{}, false, pirogue.FieldError(pirogue.InvalidParameter, field)
	}
	p, a = firstAttempt(p, a, db.clock)
	attempt := packAttempt(a, callbackDigest)
	row, err := db.packPayment(p)
	handle, badHandle := db.sealHandle(a.ID, a.Handle)
	if err := errors.Join(err, badHandle); err != nil {
		return pirogue.Payment{}, false, asError("accept payment", err)
	}
	attempt.HandleSealed = handle
	var stored paymentRow
	var created bool
	err = db.inTx(ctx, "accept payment", func(tx *gorm.DB) error {
		stored, created = row, false
		if free, err := claimReference(tx, row); err != nil || !free {
			return cmp.Or(err, takenReference(tx, row, &stored))
		}
		// The conflict clause names no key: a repeat of the same call conflicts with both the
		// payment's ID and its reference. With only the reference named, the ID would raise an
		// error.
		written := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if written.Error != nil {
			return written.Error
		}
		if written.RowsAffected == 0 {
			stored = paymentRow{}
			return sameReference(tx, row, &stored)
		}
		created = true
		if p.Kind == pirogue.Refund {
			if err := refuseAcceptance(tx, row); err != nil {
				return err
			}
		}
		failpoint.Hit("store.accept.payment")
		if err := tx.Create(&attempt).Error; err != nil {
			return err
		}
		failpoint.Hit("store.accept.attempt")
		if err := reserveMoney(tx, p); err != nil { // last: other payments of the merchant wait for its balance
			return err
		}
		failpoint.Hit("store.accept.held")
		return nil
	})
	if err != nil {
		return pirogue.Payment{}, false, err
	}
	accepted, err := db.unpackPayment(stored)
	return accepted, created, asError("accept payment", err)
}

// firstAttempt returns a payment and its first attempt in their initial state, whatever the caller
// set. The payment is CREATED with nothing refunded, and the attempt is PREPARED.
func firstAttempt(
	p pirogue.Payment, a pirogue.Attempt, clock pirogue.Clock,
) (pirogue.Payment, pirogue.Attempt) {
	if p.CreatedAt.IsZero() {
		p.CreatedAt = clock.Now()
	}
	p.Status, p.Operator, p.Sequence, p.UpdatedAt = pirogue.StatusCreated, a.Operator, 0, p.CreatedAt
	p.Refunded, p.RefundHeld = 0, 0
	a.PaymentID, a.Number, a.CreatedAt = p.ID, 1, p.CreatedAt
	return p, a
}

// claimReference takes an order number for ever and reports whether it was free. Bulks take the
// numbers of their lines here too, long before the lines are payments. It reads on the way what
// refuseAcceptance reads, and fails as it does.
func claimReference(tx *gorm.DB, row paymentRow) (bool, error) {
	if row.RefSpace != refSpace(pirogue.CashIn, false) {
		return true, nil
	}
	var claimed []acceptanceRefusal
	err := tx.Raw(`INSERT INTO order_references (merchant_id, mode, merchant_ref) VALUES (@merchant, @mode, @ref)
		ON CONFLICT DO NOTHING RETURNING `+refusesAcceptance, acceptanceTerms(row)).Scan(&claimed).Error
	if err != nil || len(claimed) == 0 {
		return false, err
	}
	return true, claimed[0].err()
}

// takenReference is sameReference for a taken reference. It fails with DuplicateOrder if a
// restored database lost the payment that has it.
func takenReference(tx *gorm.DB, row paymentRow, into *paymentRow) error {
	err := sameReference(tx, row, into)
	if !errors.Is(err, gorm.ErrRecordNotFound) {
		return err
	}
	return cmp.Or(refuseAcceptance(tx, row), err)
}

// sameReference reads the payment that has the owner's reference, or the one that a bulk's line
// with it will become. If there is none, the insert collided with something else: a payment ID
// used twice.
func sameReference(tx *gorm.DB, row paymentRow, into *paymentRow) error {
	*into = paymentRow{}
	err := tx.Where("merchant_id = ? AND mode = ? AND ref_space = ? AND merchant_ref = ?",
		row.MerchantID, row.Mode, row.RefSpace, row.MerchantRef).Take(into).Error
	if !errors.Is(err, gorm.ErrRecordNotFound) || row.RefSpace != refSpace(pirogue.CashOut, false) {
		return err
	}
	return lineAsPayment(tx, lineRow{MerchantID: row.MerchantID, Mode: row.Mode, MerchantRef: row.MerchantRef}, into)
}

// unstorableField names the first field that a database could not return unchanged; "" for none.
func unstorableField(p pirogue.Payment) string {
	for _, text := range []struct{ field, value string }{
		{"merchant_order_id", p.OrderID},
		{"transaction_id", string(p.ParentID)},
		{"description", p.Description},
		{"return_url", p.ReturnURL},
		{"cancel_url", p.CancelURL},
		{"notify_url", p.NotifyURL},
	} {
		if !isStorable(text.value) {
			return text.field
		}
	}
	return ""
}

// Payment returns one of the owner's payments. A bulk's line that waits is CREATED, and a
// cancelled one is FAILED. It fails with TransactionNotFound.
func (db *Payments) Payment(ctx context.Context, o access.Owner, id pirogue.PaymentID) (pirogue.Payment, error) {
	var row paymentRow
	err := db.read(ctx, "read payment", func(tx *gorm.DB) error {
		var err error
		row, err = readOwnedPayment(tx, o, id)
		if pirogue.CodeOf(err) != pirogue.TransactionNotFound || !isStorable(string(id)) {
			return err
		}
		line := lineRow{MerchantID: string(o.MerchantID), Mode: string(o.Mode), PaymentID: string(id)}
		return asNotFound(lineAsPayment(tx, line, &row), pirogue.TransactionNotFound, string(id))
	})
	if err != nil {
		return pirogue.Payment{}, err
	}
	p, err := db.unpackPayment(row)
	return p, asError("read payment", err)
}

// ByReference returns the owner's payment with a reference: merchant_refund_id for a refund,
// merchant_order_id for the other kinds, which share their references. It fails with
// TransactionNotFound.
func (db *Payments) ByReference(
	ctx context.Context, o access.Owner, k pirogue.PaymentKind, ref string,
) (pirogue.Payment, error) {
	if !isStorable(ref) {
		return pirogue.Payment{}, pirogue.Errorf(pirogue.TransactionNotFound, "reference %q", ref)
	}
	wanted := paymentRow{
		MerchantID: string(o.MerchantID), Mode: string(o.Mode), RefSpace: refSpace(k, false), MerchantRef: ref,
	}
	var row paymentRow
	err := db.read(ctx, "find payment", func(tx *gorm.DB) error {
		return asNotFound(sameReference(tx, wanted, &row), pirogue.TransactionNotFound, ref)
	})
	if err != nil {
		return pirogue.Payment{}, err
	}
	p, err := db.unpackPayment(row)
	return p, asError("find payment", err)
}

// readOwnedPayment reads a payment of one owner. A missing payment and another owner's payment
// give the same error, so that nobody learns which IDs exist.
func readOwnedPayment(tx *gorm.DB, o access.Owner, id pirogue.PaymentID) (paymentRow, error) {
	if !isStorable(string(id)) {
		return paymentRow{}, pirogue.Errorf(pirogue.TransactionNotFound, "payment %q", id)
	}
	var row paymentRow
	err := tx.Where("id = ? AND merchant_id = ? AND mode = ?", id, o.MerchantID, o.Mode).Take(&row).Error
	return row, asNotFound(err, pirogue.TransactionNotFound, string(id))
}

// readPayment reads a payment of any owner.
func readPayment(tx *gorm.DB, id pirogue.PaymentID, into *paymentRow) error {
	return asNotFound(tx.Where("id = ?", id).Take(into).Error, pirogue.TransactionNotFound, string(id))
}

// paymentByID reads and unpacks a payment of any owner.
func (db *database) paymentByID(tx *gorm.DB, id pirogue.PaymentID) (pirogue.Payment, error) {
	var row paymentRow
	if err := readPayment(tx, id, &row); err != nil {
		return pirogue.Payment{}, err
	}
	return db.unpackPayment(row)
}

// asNotFound gives a "no such row" error a code. Other errors stay as they are.
func asNotFound(err error, code pirogue.Code, what string) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return pirogue.Errorf(code, "%q: %w", what, err)
	}
	return err
}

// List returns the owner's payments that the filter selects, newest first. A page begins behind
// the payment f.Before; another owner's payment gives an empty page. It returns at most
// pirogue.MaxPage + 1, so that a caller can see whether more follow.
func (db *Payments) List(ctx context.Context, o access.Owner, f listing.PaymentFilter) ([]pirogue.Payment, error) {
	if !isStorable(f.OrderID, string(f.Country), string(f.Operator), string(f.Before), string(f.Status), string(f.Kind)) {
		return []pirogue.Payment{}, nil // nothing can have such a field
	}
	var rows []paymentRow
	read := db.read
	if hasParts(f) {
		read = db.snapshot // a payment that ends meanwhile leaves one part for another
	}
	err := read(ctx, "list payments", func(tx *gorm.DB) error {
		rows = nil
		page := rowPage{
			table: "payments", common: append(ownedBy(o), between(f.CreatedFrom, f.CreatedTo)...),
			newest: true, size: pageSize(f.Limit),
		}
		if f.Before != "" {
			before, found, err := markOf(tx, page.table, o, string(f.Before))
			if err != nil || !found {
				return err
			}
			page.common = append(page.common, before.compared("<"))
		}
		var err error
		if page.parts, err = paymentParts(tx, o, f); err != nil || len(page.parts) == 0 {
			return err
		}
		return page.read(tx, &rows)
	})
	if err != nil {
		return nil, err
	}
	payments, err := db.unpackPayments(rows)
	return payments, asError("list payments", err)
}

// pageSize returns a limit within bounds; 0 and less become pirogue.MaxPage.
func pageSize(limit int) int {
	if limit <= 0 {
		return listing.MaxPage
	}
	return min(limit, listing.MaxPage+1)
}
