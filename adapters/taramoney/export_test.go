package taramoney

// Pretend makes an operator treat a simulator as the real Taramoney. No test can have a
// certificate of www.dklo.co.
func Pretend(o any) {
	if ours, ok := o.(adapterWithStatus); ok {
		ours.conf.Simulator = false
	}
}
