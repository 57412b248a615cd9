// Package pirogue is the domain of Pirogue: durable mobile-money payments for
// West and Central Africa.
//
// A merchant asks for a payment over one REST API. One database transaction writes the payment's
// row first. Then a Temporal workflow submits the payment to an operator (Orange Web Payment, …).
// It follows the payment until the operator's result is final, keeps the books and notifies the
// merchant.
//
// Three promises shape every type in this package. Nothing acknowledged is lost:
// an attempt is written down before its bytes leave. Nobody is paid twice: an
// outcome that is not known is Unknown, never a failure. The books balance: money
// is an integer with its currency and moves only between two named accounts.
//
// The package holds types and rules only. It uses the standard library alone: no database, no
// network, no clock of its own. Folders around it adapt it to a technology: store to SQL, adapters
// to operators, workflows to Temporal, api to HTTP. They import this package, never the other way:
// see arch_test.go.
package pirogue
