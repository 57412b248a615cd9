package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// contract is openapi.yaml, with which every response of every test is compared.
type contract struct {
	doc    *openapi3.T
	router routers.Router
}

// loadContract reads the file once for all tests.
var loadContract = sync.OnceValues(func() (contract, error) {
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	if err != nil {
		return contract{}, err
	}
	router, err := legacy.NewRouter(doc)
	return contract{doc: doc, router: router}, err
})

// held returns a handler that compares h's responses with the contract before it sends them.
func held(t *testing.T, h http.Handler) http.Handler {
	t.Helper()
	k, err := loadContract()
	require.NoError(t, err)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, r)
		if r.Context().Err() == nil {
			k.check(t, r, recorder)
		}
		maps.Copy(w.Header(), recorder.Header())
		w.WriteHeader(recorder.Code)
		_, err := w.Write(recorder.Body.Bytes())
		if err != nil {
			t.Logf("the client did not read its answer: %v", err)
		}
	})
}

// check compares one response with the contract. A route outside the contract must give one of the
// contract's errors, a callback's receipt or a page.
func (k contract) check(t *testing.T, r *http.Request, got *httptest.ResponseRecorder) {
	t.Helper()
	assert.NotEmpty(t, got.Header().Get("X-Request-Id"))
	assert.NotEmpty(t, got.Header().Get("Content-Language"))
	assert.Equal(t, "nosniff", got.Header().Get("X-Content-Type-Options"))
	if !strings.HasPrefix(got.Header().Get("Content-Type"), "application/json") {
		return
	}
	assert.Equal(t, "no-store", got.Header().Get("Cache-Control"))
	route, params, err := k.router.FindRoute(r)
	if err != nil || strings.HasSuffix(r.URL.Path, "/") { // the router ignores a final slash, our server does not
		k.checkError(t, got)
		return
	}
	err = openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: route, PathParams: params},
		Status:                 got.Code,
		Header:                 got.Header(),
		Body:                   io.NopCloser(bytes.NewReader(got.Body.Bytes())),
		Options:                &openapi3filter.Options{IncludeResponseStatus: true},
	})
	assert.NoError(t, err, "%s %s: %d %s", r.Method, r.URL, got.Code, got.Body)
}

// checkError compares an error's body with the contract's only form of it.
func (k contract) checkError(t *testing.T, got *httptest.ResponseRecorder) {
	t.Helper()
	if got.Code < http.StatusBadRequest {
		return
	}
	var body any
	if assert.NoError(t, json.Unmarshal(got.Body.Bytes(), &body)) {
		err := k.doc.Components.Schemas["Error"].Value.VisitJSON(body, openapi3.EnableJSONSchema2020(),
			openapi3.VisitAsResponse())
		assert.NoError(t, err, "%s", got.Body)
	}
}
