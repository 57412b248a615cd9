package orangeweb_test

import (
	"testing"

	"pirogue/adapters/adaptertest"
	"pirogue/adapters/orangeweb"
)

func TestAgainstSimulator(t *testing.T) {
	t.Parallel()
	adaptertest.VerifyAgainstSimulator(t, adaptertest.Setup{
		New: orangeweb.New, Operator: "orange-web-ml-test", MSISDN: "+22370000001",
	})
}
