package novasend

import "pirogue"

// Safe reports whether an operator would show an address to a customer. The real
// Novasend cannot be played by a server without a certificate.
func Safe(o pirogue.Operator, address string) bool {
	ours, ok := o.(*operator)
	return ok && ours.isPage(address)
}
