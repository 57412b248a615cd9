package store

// keepBackReason is the reason to hold an attempt back, as a pirogue.SendResult; NULL for none.
// Every statement that marks an attempt SENT checks it. A workflow reads the payment long before
// that, and the merchant may be suspended, or the bulk cancelled, in between. Ask-first mode
// holds everything back.
const keepBackReason = `(
  SELECT CASE WHEN ` + asksFirst + ` THEN 'ASK_FIRST'
              WHEN b.state = 'CANCELLING' THEN 'CANCELLED'
              WHEN m.suspended_at IS NOT NULL THEN 'SUSPENDED' END
    FROM payments p JOIN merchants m ON m.id = p.merchant_id LEFT JOIN bulks b ON b.id = p.bulk_id
   WHERE p.id = attempts.payment_id)`
