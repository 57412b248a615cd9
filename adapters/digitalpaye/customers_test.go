package digitalpaye_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
)

const (
	createPath = "/v1/customers/create"
	peoplePath = "/v1/customers"
	personsID  = "3f0c7d1a-0000-4000-8000-000000000001"
	personsRow = `{"id":"` + personsID + `","firstName":"Essai","lastName":"Client","email":"client@shop.example",` +
		phone + `}`
	phone       = `"phoneNumber":"0700000001","address":"Rue 12","createdAt":"2026-01-02T03:04:05.000Z"`
	createdBody = `{"statusCode":201,"message":"Created","data":` + personsRow + `}`
)

var person = operator.Customer{
	ID: personsID, FirstName: "Essai", LastName: "Client", Email: "client@shop.example", MSISDN: number,
	Address:   "Rue 12",
	CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
}

func TestCustomers(t *testing.T) {
	t.Parallel()
	for shape := range shapes {
		t.Run("shape "+shape, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, map[string][]response{
				createPath: {respond(201, createdBody)}, peoplePath + "/" + personsID: {good(personsRow)},
				peoplePath: {list(personsRow), list()},
			})
			o := reading[operator.CustomerDirectory](t, server.at(shape))
			kept, err := o.CreateCustomer(t.Context(), person)
			require.Equal(t, person, kept, err)
			require.NoError(t, err)
			one, err := o.Customer(t.Context(), personsID)
			require.Equal(t, person, one, err)
			require.NoError(t, err)
			all, err := o.Customers(t.Context())
			require.Equal(t, []operator.Customer{person}, all, err)
			require.NoError(t, err)
			want := []string{
				"POST " + createPath, "GET " + peoplePath + "/" + personsID,
				"GET " + peoplePath + "?page=1&size=100", "GET " + peoplePath + "?page=2&size=100",
			}
			require.Equal(t, want, server.paths())
			body := `{"firstName":"Essai","lastName":"Client","email":"client@shop.example",` +
				`"phoneNumber":"0700000001","address":{"countryCode":"CI","streetAddress":"Rue 12"}}`
			require.Equal(t, body, server.requests()[0].Body)
		})
	}
}

func TestCreateCustomerResponses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		response response
		code     pirogue.Code
	}{
		"kept with 200":      {good(personsRow), ""},
		"kept under no name": {good(strings.ReplaceAll(personsRow, personsID, "")), operator.Unknown},
		"kept, says a page":  {respond(200, "<html></html>"), operator.Unknown},
		"kept, in numbers":   {good(strings.ReplaceAll(personsRow, `"Essai"`, "7")), operator.Unknown},
		"refused, repeating it": {
			respond(
				400, `{"statusCode":400,"message":"BadRequestError","reason":"Essai Client client@shop.example Rue 12 0700000001"}`,
			),
			operator.Refused,
		},
		"there already": {
			respond(400, `{"statusCode":400,"message":"BadRequestError","reason":"Ce client existe déjà"}`), operator.Unknown,
		},
		"out of time":    {respond(504, ""), operator.Unknown},
		"over the quota": {respond(429, ""), operator.NotSent},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, map[string][]response{createPath: {tt.response}})
			got, err := reading[operator.CustomerDirectory](t, server.at("")).CreateCustomer(t.Context(), person)
			require.Equal(t, tt.code, pirogue.CodeOf(err), err)
			require.Equal(t, got == person, err == nil)
			for _, private := range []string{"Essai", "client@shop.example", "Rue 12", "0700000001"} {
				require.False(t, err != nil && strings.Contains(err.Error(), private), "%s is repeated: %v", private, err)
			}
		})
	}
}

func TestUnpayableCustomer(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*operator.Customer){
		"no first name":            func(c *operator.Customer) { c.FirstName = "" },
		"no last name":             func(c *operator.Customer) { c.LastName = "" },
		"no number":                func(c *operator.Customer) { c.MSISDN = "" },
		"another country's number": func(c *operator.Customer) { c.MSISDN = "+221770000001" },
	} {
		server := newServer(t, map[string][]response{})
		c := person
		change(&c)
		_, err := reading[operator.CustomerDirectory](t, server.at("")).CreateCustomer(t.Context(), c)
		require.Equal(t, operator.Refused, pirogue.CodeOf(err), "%v %v", name, len(server.requests()))
		require.Empty(t, server.requests(), "%v %v", name, err)
	}
}

func TestUnknownCustomer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		id       string
		response response
		code     pirogue.Code
	}{
		"unknown":              {personsID, notFound, pirogue.NotFound},
		"unknown, says a page": {personsID, respond(404, "<html></html>"), operator.Unknown},
		"somebody else":        {personsID, good(strings.ReplaceAll(personsRow, personsID, "7")), operator.Unknown},
		"not to be asked for":  {personsID, respond(400, `{"statusCode":400,"message":"BadRequestError"}`), operator.Refused},
		"out of service":       {personsID, respond(503, ""), operator.Unknown},
		"nobody":               {"", notFound, pirogue.NotFound},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, map[string][]response{peoplePath + "/" + personsID: {tt.response}})
			got, err := reading[operator.CustomerDirectory](t, server.at("")).Customer(t.Context(), tt.id)
			require.Equal(t, tt.code, pirogue.CodeOf(err), err)
			require.False(t, got != (operator.Customer{}) && tt.code == pirogue.NotFound, "%+v, %v; want %s", got, err, tt.code)
		})
	}
}

func TestIncompleteDirectory(t *testing.T) {
	t.Parallel()
	for name, pages := range map[string][]response{
		"a second page that fell": {list(personsRow), respond(502, "")},
		"somebody without a name": {list(personsRow, `{"firstName":"Essai"}`), list()},
		"no list":                 {good("{}")},
	} {
		server := newServer(t, map[string][]response{peoplePath: pages})
		got, err := reading[operator.CustomerDirectory](t, server.at("")).Customers(t.Context())
		require.Nil(t, got, "%v %v %v", name, len(got), err)
		require.Equal(t, operator.Unknown, pirogue.CodeOf(err), "%v %v", name, len(got))
	}
}

func TestCustomerNumber(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]pirogue.MSISDN{
		`"0700000001"`: number, `"2250700000001"`: number, `"+2250700000001"`: number, `2250700000001`: number,
		`"700000001"`: "", `"+221770000001"`: "", `"07000000O1"`: "", `"+22107000000001"`: "", `null`: "", `""`: "",
	} {
		resp := good(strings.ReplaceAll(personsRow, `"0700000001"`, written))
		server := newServer(t, map[string][]response{peoplePath + "/" + personsID: {resp}})
		got, err := reading[operator.CustomerDirectory](t, server.at("")).Customer(t.Context(), personsID)
		require.NoError(t, err, written)
		require.Equal(t, want, got.MSISDN, written)
	}
}
