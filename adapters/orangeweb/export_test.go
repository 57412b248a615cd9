package orangeweb

// Pretend makes an operator at a simulator's address take it for the real Orange: no test
// can have a certificate of api.orange.com.
func Pretend(o any) {
	if ours, ok := o.(*operator); ok {
		ours.conf.Simulator = false
	}
}
