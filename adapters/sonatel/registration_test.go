package sonatel_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pirogue"
	"pirogue/adapters/sonatel"
	"pirogue/operator"
)

const (
	registrationPath = "/api/notification/v1/merchantcallback"
	simCardsPath     = "/api/assignments/v1/partner/sim-cards"
)

// registrar combines the methods that set an instance up.
type registrar interface {
	RegisterCallback(ctx context.Context, address string) error
	RegisteredCallbacks(ctx context.Context) ([]sonatel.Registration, error)
	SIMCards(ctx context.Context, retailers, merchants, customers int) ([]sonatel.SIMCard, error)
}

func TestRegisteringAnAddressForCallbacks(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer answer
		code   pirogue.Code
	}{
		"an empty answer": {says(200, ""), ""},
		"as documented":   {says(201, `{"code":"123456"}`), ""},
		"a page":          {says(200, "<html></html>"), operator.Unknown},
		"refused":         {problem(400, "22"), operator.Refused},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, map[string][]answer{registrationPath: {tt.answer}})
			err := reading[registrar](t, server.at()).RegisterCallback(t.Context(),
				"https://pay.example/callbacks/sonatel-sn")
			want := `{"code":"123456","name":"Boutique Teranga","callbackUrl":"https://pay.example/callbacks/sonatel-sn","apiKey":"cb-5e6f7a=="}`
			if sent := server.letters(registrationPath); pirogue.CodeOf(err) != tt.code || len(sent) != 1 ||
				sent[0].Body != want {
				t.Errorf("%v after %+v; want %q after %s", err, sent, tt.code, want)
			}
		})
	}
	err := reading[registrar](t, senegal).RegisterCallback(t.Context(), "pay.example/callbacks")
	if pirogue.CodeOf(err) != operator.Refused {
		t.Errorf("an address without a scheme: %v, want REFUSED", err)
	}
}

func TestRegisteredAddressesAreReadWithoutTheirKeys(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]answer{registrationPath: {says(200, `[
		{"code":123456,"msisdn":"781112233","name":"Boutique","callbackUrl":"https://pay.example/a","apiKey":"cb-5e6f7a==","createdAt":"31-12-2025 23:59:59"},
		{"code":"123456","name":"Boutique","callbackUrl":"https://pay.example/b","apiKey":"cb-other"}]`)}})
	got, err := reading[registrar](t, server.at()).RegisteredCallbacks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []sonatel.Registration{
		{
			Name: "Boutique", URL: "https://pay.example/a", OurKey: true,
			CreatedAt: time.Date(2025, 12, 31, 23, 59, 59, 0, time.UTC),
		},
		{Name: "Boutique", URL: "https://pay.example/b"},
	}
	if diff := cmp.Diff(want, got); diff != "" ||
		server.letters(registrationPath)[0].Path != registrationPath+"?code=123456" {
		t.Error(diff, server.letters(registrationPath))
	}
}

func TestTestNumbersAreForTestKeys(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]answer{simCardsPath: {says(200, `[
		{"msisdn":"781112233","pinCode":"4826","type":"RETAILER"},{"msisdn":780000001,"pinCode":"1357","type":"MERCHANT","merchantCode":123456}]`)}})
	got, err := reading[registrar](t, server.at()).SIMCards(t.Context(), 1, 0, 1)
	want := []sonatel.SIMCard{
		{MSISDN: "781112233", PIN: "4826", Type: "RETAILER"},
		{MSISDN: "780000001", PIN: "1357", Type: "MERCHANT", Code: "123456"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if asked := server.letters(simCardsPath); asked[0].Path != simCardsPath+"?nbCustomers=1&nbRetailers=1" {
		t.Errorf("asked %s", asked[0].Path)
	}
	live := server.at()
	live.Mode = pirogue.Live
	_, ours := reading[registrar](t, live).SIMCards(t.Context(), 1, 0, 1)
	_, many := reading[registrar](t, server.at()).SIMCards(t.Context(), 0, 11, 1)
	if pirogue.CodeOf(ours) != operator.Refused || pirogue.CodeOf(many) != operator.Refused ||
		len(server.letters(simCardsPath)) != 1 {
		t.Errorf("%v and %v, want REFUSED of both, unsent", ours, many)
	}
}
