package api_test

import (
	"net/http/httptest"
	"testing"

	"pirogue/api/apitest"
)

// TestBadInputs plays the table that the end-to-end suite plays against the whole
// program.
func TestBadInputs(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	apitest.Run(t, server.URL+"/api/v1", w.test.Public, w.test.Secrets[0].Text)
}
