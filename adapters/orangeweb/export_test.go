package orangeweb

import (
	"testing"
	"time"

	"pirogue"
	"pirogue/config"
)

// Real returns the operator at a simulator's address that takes it for the real
// Orange: no test can have a certificate of api.orange.com.
func Real(t *testing.T, conf config.Operator) pirogue.Collector {
	t.Helper()
	opened, err := New(conf, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	o, ok := opened.(*operator)
	if !ok {
		t.Fatalf("%T is not ours", opened)
	}
	o.conf.Simulator = false
	return o
}
