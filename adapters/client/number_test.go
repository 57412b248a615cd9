package client_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue/adapters/client"
)

func TestIsAnotherNumber(t *testing.T) {
	t.Parallel()

	for written, another := range map[string]bool{
		"":                  false,
		"xxxxxxxx":          false,
		"n/a":               false,
		"+22376123456":      false,
		"0022376123456":     false,
		"22376123456":       false,
		"76123456":          false,
		"76 12 34 56":       false,
		"+223 76-12-34-56":  false,
		"+223xxxxxx56":      false,
		"+223*****56":       false,
		"7612****":          false,
		"****3456":          false,
		"76xx3x56":          false,
		"7***56":            false,
		"22376***********6": false,
		"+22376123457":      true,
		"76123457":          true,
		"7612345":           true,
		"1234567":           true,
		"+22176123456":      true,
		"****3457":          true,
		"76xx4x56":          true,
		"+223*****57":       true,
		"+221*****56":       true,
		"5***56":            true,
		"761234*123456":     true,
	} {
		require.Equal(t, another, client.IsAnotherNumber(written, "+22376123456"), "%q", written)
	}
}
