package novasend

// Pretend makes an operator at a simulator's address take it for the real Novasend, which
// cannot be played by a server without a certificate.
func Pretend(o any) {
	if ours, ok := o.(*operator); ok {
		ours.conf.Simulator = false
	}
}
