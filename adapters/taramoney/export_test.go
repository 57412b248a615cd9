package taramoney

import (
	"testing"
	"time"

	"pirogue"
	"pirogue/config"
)

// Real returns the operator at a simulator's address that takes it for the real
// Taramoney: no test can have a certificate of www.dklo.co.
func Real(t *testing.T, conf config.Operator) pirogue.Collector {
	t.Helper()
	opened, err := New(conf, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	o, ok := opened.(asking)
	if !ok {
		t.Fatalf("%T is not ours", opened)
	}
	o.conf.Simulator = false
	return o
}
