// Package engine holds the parts that every operator simulator needs. The magic numbers
// decide a customer's behaviour. The clock and the scheduler run future events, and the
// journal survives a crash. The notifier sends callbacks, and the switches cause faults. It
// also has the frame of calls, and the pages on which customers pay.
//
// It knows no operator. A simulator adds its own API and keeps its own book. It shares
// nothing with the adapters. So a mistake in an adapter cannot hide behind the same mistake
// in its simulator.
package engine
