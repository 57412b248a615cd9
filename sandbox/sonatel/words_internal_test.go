package sonatel

import (
	"testing"

	"pirogue/sandbox/stagetest"
)

func TestEveryLanguageSaysEverything(t *testing.T) {
	t.Parallel()
	stagetest.SaysEverything(t, languages)
}
