// Package stage is what every operator simulator plays on: the magic numbers
// that decide what a customer does, the clock, the agenda of things to come,
// the journal that outlives a crash, the messenger that carries notifications,
// the switches that break things on purpose, the frame of calls, and the pages on
// which customers pay.
//
// It knows no operator. A simulator brings its own wire and keeps its own book;
// nothing here is shared with the adapters, so that a mistake in an adapter
// cannot hide behind the same mistake in the witness.
package stage
