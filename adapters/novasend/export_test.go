package novasend

// Pretend makes an operator treat a simulator as the real Novasend. A test server has no
// certificate to play the real one.
func Pretend(o any) {
	if ours, ok := o.(*adapter); ok {
		ours.conf.Simulator = false
	}
}
