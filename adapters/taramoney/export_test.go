package taramoney

// Pretend makes an operator at a simulator's address take it for the real Taramoney: no
// test can have a certificate of www.dklo.co.
func Pretend(o any) {
	if ours, ok := o.(asking); ok {
		ours.conf.Simulator = false
	}
}
