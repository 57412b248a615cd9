// Package operator is the port that an adapter implements: its interfaces, its capability, its results,
// and the rules of the circuit breaker around it.
package operator
