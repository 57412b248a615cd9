// Package lifecycle holds the steps of a payment between its workflow and its rows: the workflow's input,
// sending an attempt, polling it, finalizing the payment, and starting a lost workflow again.
package lifecycle
