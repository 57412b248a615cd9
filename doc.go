// Package pirogue is the domain of Pirogue: durable mobile-money payments for
// West and Central Africa.
//
// A merchant asks for a payment over one REST API. The payment's row is written
// first, in one database transaction; then a Temporal workflow carries it across:
// it submits the payment to an operator (Orange Web Payment, …), follows it until
// the operator's word is final, keeps the books and tells the merchant.
//
// Three promises shape every type in this package. Nothing acknowledged is lost:
// an attempt is written down before its bytes leave. Nobody is paid twice: an
// outcome that is not known is Unknown, never a failure. The books balance: money
// is an integer with its currency and moves only between two named accounts.
//
// The package holds words and rules only, with the standard library alone: no
// database, no network, no clock of its own. Folders around it adapt it to a
// technology: store to SQL, adapters to operators, workflows to Temporal, api to
// HTTP. Arrows point down to here; see arch_test.go.
package pirogue
