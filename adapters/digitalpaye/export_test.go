package digitalpaye

import (
	"testing"
	"time"

	"pirogue"
	"pirogue/config"
)

// Action returns what a Wave customer is shown for a link, at a simulator or at what
// it plays.
func Action(t *testing.T, conf config.Operator, simulator bool, link string) pirogue.NextAction {
	t.Helper()
	opened, err := New(conf, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	o, ok := opened.(*operator)
	if !ok {
		t.Fatalf("%T is not ours", opened)
	}
	o.conf.Simulator = simulator
	return o.action(pirogue.Wave, "", link)
}
