// Package routing maps a country, a network and a kind of payment to the operators that may carry it.
package routing
