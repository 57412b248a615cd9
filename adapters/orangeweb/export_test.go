package orangeweb

// Pretend makes an operator treat a simulator as the real Orange. No test can have a
// certificate of api.orange.com.
func Pretend(o any) {
	if ours, ok := o.(*adapter); ok {
		ours.conf.Simulator = false
	}
}
