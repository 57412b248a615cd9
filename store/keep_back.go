package store

// keptBackBy names what keeps a row of attempts back as a pirogue.SendResult, and is NULL where
// nothing does. Each statement that marks an attempt SENT has it: a payment is looked at long
// before it is sent, and a merchant is suspended, or a bulk cancelled, in between. Ask-first mode
// keeps everything back.
const keptBackBy = `(
  SELECT CASE WHEN ` + asksFirst + ` THEN 'ASK_FIRST'
              WHEN b.state = 'CANCELLING' THEN 'CANCELLED'
              WHEN m.suspended_at IS NOT NULL THEN 'SUSPENDED' END
    FROM payments p JOIN merchants m ON m.id = p.merchant_id LEFT JOIN bulks b ON b.id = p.bulk_id
   WHERE p.id = attempts.payment_id)`
