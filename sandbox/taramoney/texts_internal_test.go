package taramoney

import (
	"testing"

	"pirogue/sandbox/enginetest"
)

func TestTextsComplete(t *testing.T) {
	t.Parallel()
	enginetest.ExpectCompleteTexts(t, languages)
}
