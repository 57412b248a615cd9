// Package support holds what people do about a payment: actions and their audit, cases, the list of stuck
// payments, the timeline.
package support
