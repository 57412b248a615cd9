package orangeweb

import (
	"testing"

	"pirogue/sandbox/enginetest"
)

func TestEveryLanguageSaysEverything(t *testing.T) {
	t.Parallel()
	enginetest.SaysEverything(t, languages)
}
