package store

import (
	"context"
	"errors"
	"strings"
	"sync"

	"gorm.io/gorm"

	"pirogue"
)

// Latest returns a payment with its latest attempt, both from one snapshot. It fails with
// TransactionNotFound.
func (db *Attempts) Latest(ctx context.Context, id pirogue.PaymentID) (pirogue.Payment, pirogue.Attempt, error) {
	return db.Numbered(ctx, id, 0)
}

// Numbered returns a payment with its attempt of a number, 0 for the latest, both from one
// snapshot. It fails with TransactionNotFound, and with NotFound if there is no such attempt.
func (db *Attempts) Numbered(
	ctx context.Context, id pirogue.PaymentID, number int,
) (pirogue.Payment, pirogue.Attempt, error) {
	found, err := db.attemptOf(ctx, id, number)
	if err != nil {
		return pirogue.Payment{}, pirogue.Attempt{}, err
	}
	p, badPayment := db.unpackPayment(found.Payment)
	a, badAttempt := db.unpackAttempt(found.Attempt)
	return p, a, asError("read attempt", errors.Join(badPayment, badAttempt))
}

// LatestWithMerchant is Latest with the payment's merchant, as Merchants.Merchant returns it.
func (db *Attempts) LatestWithMerchant(
	ctx context.Context, id pirogue.PaymentID,
) (pirogue.Payment, pirogue.Attempt, pirogue.Merchant, error) {
	found, err := db.attemptOf(ctx, id, 0)
	if err != nil {
		return pirogue.Payment{}, pirogue.Attempt{}, pirogue.Merchant{}, err
	}
	p, badPayment := db.unpackPayment(found.Payment)
	a, badAttempt := db.unpackAttempt(found.Attempt)
	merchant := unpackMerchant(found.Merchant)
	merchant.AskFirst = found.AskFirst
	return p, a, merchant, asError("read attempt", errors.Join(badPayment, badAttempt))
}

// attemptWithPayment is an attempt with the rows that it belongs to.
type attemptWithPayment struct {
	Payment  paymentRow  `gorm:"embedded;embeddedPrefix:p_"`
	Attempt  attemptRow  `gorm:"embedded;embeddedPrefix:a_"`
	Merchant merchantRow `gorm:"embedded;embeddedPrefix:m_"`
	AskFirst bool
}

// attemptOf reads a payment with its attempt of a number, 0 for the latest, in one statement. It
// fails as Numbered does.
func (db *Attempts) attemptOf(ctx context.Context, id pirogue.PaymentID, number int) (attemptWithPayment, error) {
	var found []attemptWithPayment
	err := db.read(ctx, "read attempt", func(tx *gorm.DB) error {
		found = nil
		columns, err := selectAttempt(tx)
		if err != nil {
			return err
		}
		named := map[string]any{"id": id, "number": number}
		err = tx.Raw("SELECT "+columns+", "+asksFirst+" AS ask_first"+fromAttempt, named).Scan(&found).Error
		if err != nil || len(found) == 1 {
			return err
		}
		if err := readPayment(tx, id, &paymentRow{}); err != nil {
			return err
		}
		return pirogue.Errorf(pirogue.NotFound, "%s, attempt %d", id, number)
	})
	if err != nil {
		return attemptWithPayment{}, err
	}
	return found[0], nil
}

// fromAttempt selects one attempt with its payment and its merchant.
const fromAttempt = `
  FROM attempts a JOIN payments p ON p.id = a.payment_id JOIN merchants m ON m.id = p.merchant_id
 WHERE a.payment_id = @id AND (a.number = @number OR @number = 0)
 ORDER BY a.number DESC LIMIT 1`

// attemptColumns is the list of columns of attemptWithPayment, made once.
var attemptColumns struct {
	once sync.Once
	list string
	err  error
}

// selectAttempt returns the columns of fromAttempt under the names of attemptWithPayment.
func selectAttempt(tx *gorm.DB) (string, error) {
	attemptColumns.once.Do(func() {
		var list []string
		for _, part := range []struct {
			alias string
			model any
		}{{"p", &paymentRow{}}, {"a", &attemptRow{}}, {"m", &merchantRow{}}} {
			statement := &gorm.Statement{DB: tx}
			if attemptColumns.err = statement.Parse(part.model); attemptColumns.err != nil {
				return
			}
			for _, column := range statement.Schema.DBNames {
				list = append(list, part.alias+"."+column+" AS "+part.alias+"_"+column)
			}
		}
		attemptColumns.list = strings.Join(list, ", ")
	})
	return attemptColumns.list, attemptColumns.err
}

// EarlierAttempts returns the attempts of a payment before its latest one, if something of them
// may have left us. They are in the order of their numbers.
func (db *Attempts) EarlierAttempts(ctx context.Context, id pirogue.PaymentID) ([]pirogue.Attempt, error) {
	var rows []attemptRow
	err := db.read(ctx, "read earlier attempts", func(tx *gorm.DB) error {
		return tx.Where("payment_id = ? AND first_sent_at IS NOT NULL", id).
			Where("number < (SELECT MAX(later.number) FROM attempts later WHERE later.payment_id = attempts.payment_id)").
			Order("number").Find(&rows).Error
	})
	attempts := make([]pirogue.Attempt, len(rows))
	for i, row := range rows {
		var bad error
		attempts[i], bad = db.unpackAttempt(row)
		err = errors.Join(err, asError("read earlier attempts", bad))
	}
	return attempts, err
}

// Collected returns the attempt that collected a payment: the one that its operator accepted. If
// the acceptance was lost, it is the latest attempt that may have arrived. If all were refused
// and the payment was paid nevertheless, it is the latest refused one. It fails with NotFound.
func (db *Attempts) Collected(ctx context.Context, id pirogue.PaymentID) (pirogue.Attempt, error) {
	return db.attempt(ctx, string(id), func(tx *gorm.DB) *gorm.DB {
		return tx.Where("payment_id = ? AND state <> 'PREPARED'", id).
			Order("CASE state WHEN 'ACCEPTED' THEN 0 WHEN 'REFUSED' THEN 2 ELSE 1 END, number DESC")
	})
}

// AttemptByRef returns the attempt with our reference at an operator. It fails with NotFound.
func (db *Callbacks) AttemptByRef(
	ctx context.Context, o pirogue.OperatorCode, ref pirogue.OperatorRef,
) (pirogue.Attempt, error) {
	return db.attempt(ctx, string(ref), func(tx *gorm.DB) *gorm.DB {
		return tx.Where("operator = ? AND ref = ?", o, ref)
	})
}

// attempt reads the first attempt that where selects. It fails with NotFound, also for text that
// no database can hold.
func (db *database) attempt(
	ctx context.Context, what string, where func(tx *gorm.DB) *gorm.DB,
) (pirogue.Attempt, error) {
	if !isStorable(what) {
		return pirogue.Attempt{}, pirogue.Errorf(pirogue.NotFound, "attempt %q", what)
	}
	var row attemptRow
	err := db.read(ctx, "find attempt", func(tx *gorm.DB) error {
		return asNotFound(where(tx).Take(&row).Error, pirogue.NotFound, what)
	})
	if err != nil {
		return pirogue.Attempt{}, err
	}
	a, err := db.unpackAttempt(row)
	return a, asError("find attempt", err)
}
