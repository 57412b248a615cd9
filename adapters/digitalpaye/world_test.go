package digitalpaye_test

import (
	"slices"
	"strings"
	"testing"

	"pirogue/adapters/adaptertest"
	"pirogue/config"
)

// authPath is the path that every instance calls before its first call.
const authPath = "/v1/auth"

// server issues tokens. It returns 404 on every path for which the test sets no answer.
type server struct{ *adaptertest.Server }

type (
	response = adaptertest.Response
	request  = adaptertest.RecordedRequest
)

var respond = adaptertest.Respond

func newServer(t *testing.T, responses map[string][]response) server {
	t.Helper()
	return server{adaptertest.NewServer(t, responses, map[string]response{
		authPath: respond(200, `{"statusCode":200,"message":"Successful","data":{"token":"at-1","exp":600}}`), "": notFound,
	})}
}

// at returns a configuration of a shape that reaches the server.
func (s server) at(shape string) config.Operator {
	conf := ivory
	conf.BaseURL, conf.Shape = s.URL, shape
	return conf
}

// requests returns the requests so far, without those for a token.
func (s server) requests() []request {
	return slices.DeleteFunc(s.Requests(), func(l request) bool { return l.Path == authPath })
}

// auths returns the requests for a token.
func (s server) auths() []request { return s.RequestsTo(authPath) }

// paths returns the method and path of each request.
func (s server) paths() []string {
	var paths []string
	for _, l := range s.requests() {
		paths = append(paths, l.Method+" "+l.Path)
	}
	return paths
}

var notFound = respond(404, `{"code_status":404,"statusCode":404,"status":"ERROR","message":"NotFoundError"}`)

// good returns a good response around data, in both spellings.
func good(data string) response {
	return respond(200, `{"code_status":200,"statusCode":200,"status":"SUCCESSFUL",`+
		`"message":"Successful","data":`+data+`}`)
}

// list returns a page of rows.
func list(rows ...string) response { return good("[" + strings.Join(rows, ",") + "]") }

// row returns a transaction in seed_case.
func row(id, named, status string) string {
	return `{"ref":"` + named + `","transaction_id":"` + id +
		`","number_user":"+2250700000001","currency":"XOF","amount":"5000",` +
		`"fees":"7.5","amount_total":"5007.5","status":"` + status +
		`","type_payment":"ORANGE_MONEY_CI","date":"2026-01-02 03:04:05"}`
}
