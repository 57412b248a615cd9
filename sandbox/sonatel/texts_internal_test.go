package sonatel

import (
	"testing"

	"pirogue/sandbox/enginetest"
)

func TestLanguages(t *testing.T) {
	t.Parallel()
	enginetest.ExpectCompleteTexts(t, languages)
}
