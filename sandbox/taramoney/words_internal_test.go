package taramoney

import (
	"testing"

	"pirogue/sandbox/enginetest"
)

func TestEveryLanguageSaysEverything(t *testing.T) {
	t.Parallel()
	enginetest.SaysEverything(t, speeches)
}
