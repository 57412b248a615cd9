// Package stage holds what every operator simulator needs: the magic numbers that decide a
// customer's behaviour, the clock, the scheduler, the journal that survives a crash, the notifier
// that sends callbacks, the switches that cause faults, the frame of calls, and the pages on which
// customers pay.
//
// It knows no operator. A simulator adds its own API and keeps its own book. It shares nothing with
// the adapters, so that a mistake in an adapter cannot hide behind the same mistake in its
// simulator.
package stage
