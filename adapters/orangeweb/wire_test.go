package orangeweb_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/adapters/orangeweb"
	"pirogue/config"
)

// orange is a server that takes down what it reads and answers well.
type orange struct {
	*httptest.Server
	mu   sync.Mutex
	read []letter
}

// letter is one request as it left.
type letter struct {
	Path, Body string
	Auth       string
	MSISDN     []string // of the header for simulators
}

func newOrange(t *testing.T) *orange {
	t.Helper()
	o := &orange{}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		o.mu.Lock()
		o.read = append(o.read, letter{r.URL.Path, string(body), r.Header.Get("Authorization"), r.Header.Values("X-Sandbox-Msisdn")})
		o.mu.Unlock()
		switch {
		case r.URL.Path == "/oauth/v3/token":
			w.Write([]byte(`{"access_token":"at-1","expires_in":"3600"}`))
		case strings.HasSuffix(r.URL.Path, "/webpayment"):
			w.WriteHeader(http.StatusCreated)
			w.Write([]byte(`{"message":"OK pt-1","pay_token":"pt-1","payment_url":"http://127.0.0.1/pay","notif_token":"nt-1"}`))
		default:
			w.Write([]byte(`{"status":"PENDING","order_id":"` + ref + `"}`))
		}
	}))
	t.Cleanup(o.Close)
	return o
}

// letters returns what was read so far.
func (o *orange) letters() []letter {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.read
}

func TestWhatLeavesForOrange(t *testing.T) {
	t.Parallel()
	for environment, currency := range map[string]string{"ml": "XOF", "dev": "OUV"} {
		t.Run(environment, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t)
			conf := mali
			conf.BaseURL, conf.Environment = server.URL, environment
			receipt, err := reading[pirogue.Collector](t, conf).Collect(t.Context(), collection)
			if err != nil {
				t.Fatal(err)
			}
			query := pirogue.StatusQuery{Ref: ref, Handle: receipt.Handle, Amount: collection.Amount}
			if _, err := reading[pirogue.StatusReader](t, conf).Status(t.Context(), query); err != nil {
				t.Fatal(err)
			}
			token := letter{Path: "/oauth/v3/token", Body: "grant_type=client_credentials", Auth: "Basic Y2ktMTpjcy0wMTIzNDU2Nzg5"}
			base := "/orange-money-webpay/" + environment + "/v1/"
			want := []letter{
				token,
				{Path: base + "webpayment", Auth: "Bearer at-1", MSISDN: []string{"+22376123456"}, Body: `{"merchant_key":"mk-c0ffee",` +
					`"currency":"` + currency + `","order_id":"` + ref + `","amount":5000,"return_url":"https://shop.example/back",` +
					`"cancel_url":"https://shop.example/cancel","notif_url":"https://pay.example/callbacks/orange-web-ml/t0k3n",` +
					`"lang":"fr","reference":"Boutique Élégance de la Médina"}`},
				token,
				{Path: base + "transactionstatus", Auth: "Bearer at-1", Body: `{"order_id":"` + ref + `","amount":5000,"pay_token":"pt-1"}`},
			}
			if diff := cmp.Diff(want, server.letters()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatASessionGives(t *testing.T) {
	t.Parallel()
	conf := with(mali, newOrange(t).URL)
	got, err := reading[pirogue.Collector](t, conf).Collect(t.Context(), collection)
	if err != nil {
		t.Fatal(err)
	}
	want := pirogue.Receipt{
		Outcome: pirogue.OutcomePending,
		Handle:  pirogue.Handle{"pay_token": "pt-1", "notif_token": "nt-1"},
		Words:   "OK [secret]",
		NextAction: pirogue.NextAction{
			Type: pirogue.ActionRedirect, URL: "http://127.0.0.1/pay", ExpiresAt: adaptertest.Now().Add(10 * time.Minute),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheRealOrangeIsToldNoNumberAndMustGiveASafePage(t *testing.T) {
	t.Parallel()
	server := newOrange(t)
	conf := with(mali, server.URL)
	_, err := orangeweb.Real(t, conf).Collect(t.Context(), collection)
	if pirogue.CodeOf(err) != pirogue.Unknown {
		t.Errorf("a page over http: %v, want UNKNOWN", err)
	}
	for _, l := range server.letters() {
		if len(l.MSISDN) > 0 {
			t.Errorf("the number left for the real Orange: %v", l)
		}
	}
}

func TestACollectionOrangeCouldNeverAcceptDoesNotLeave(t *testing.T) {
	t.Parallel()
	long := "https://shop.example/" + strings.Repeat("a", 100) // 121 characters
	tests := map[string]func(*pirogue.Collection){
		"a return address of 121 characters":   func(c *pirogue.Collection) { c.ReturnURL = long },
		"a cancel address of 121 characters":   func(c *pirogue.Collection) { c.CancelURL = long },
		"a callback address of 121 characters": func(c *pirogue.Collection) { c.CallbackURL = long },
		"a reference of 31 characters":         func(c *pirogue.Collection) { c.Ref = pirogue.OperatorRef(strings.Repeat("A", 31)) },
		"no reference":                         func(c *pirogue.Collection) { c.Ref = "" },
		"no money":                             func(c *pirogue.Collection) { c.Amount.Minor = 0 },
		"another country's currency":           func(c *pirogue.Collection) { c.Amount.Currency = pirogue.XAF },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t)
			conf := with(mali, server.URL)
			c := collection
			spoil(&c)
			_, err := reading[pirogue.Collector](t, conf).Collect(t.Context(), c)
			if pirogue.CodeOf(err) != pirogue.Unable || len(server.letters()) != 0 {
				t.Errorf("%v after %d requests, want UNABLE after none", err, len(server.letters()))
			}
		})
	}
}

func TestAddressesOf120CharactersLeave(t *testing.T) {
	t.Parallel()
	conf := with(mali, newOrange(t).URL)
	c := collection
	c.CallbackURL = "https://shop.example/" + strings.Repeat("é", 99)
	if _, err := reading[pirogue.Collector](t, conf).Collect(t.Context(), c); err != nil {
		t.Error(err)
	}
}

func TestAStatusWithoutThePayTokenIsUnknownAndDoesNotLeave(t *testing.T) {
	t.Parallel()
	server := newOrange(t)
	conf := with(mali, server.URL)
	_, err := reading[pirogue.StatusReader](t, conf).Status(t.Context(), pirogue.StatusQuery{Ref: ref, Amount: collection.Amount})
	if pirogue.CodeOf(err) != pirogue.Unknown || len(server.letters()) != 0 {
		t.Errorf("%v after %d requests, want UNKNOWN after none", err, len(server.letters()))
	}
}

func TestBadCredentialsAreNotSent(t *testing.T) {
	t.Parallel()
	answers := map[string]struct {
		status int
		body   string
	}{
		"turned away":           {401, `{"error":"invalid_client"}`},
		"a page":                {200, "<html></html>"},
		"no token":              {200, `{"expires_in":3600}`},
		"no life":               {200, `{"access_token":"at-1"}`},
		"a server that is down": {503, ""},
		"a token in an error":   {500, `{"access_token":"at-1","expires_in":3600}`},
	}
	for name, a := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/oauth/v3/token" {
					t.Errorf("%s was asked without a token", r.URL.Path)
				}
				w.WriteHeader(a.status)
				w.Write([]byte(a.body))
			}))
			t.Cleanup(server.Close)
			conf := with(mali, server.URL)
			_, err := reading[pirogue.Collector](t, conf).Collect(t.Context(), collection)
			if pirogue.CodeOf(err) != pirogue.NotSent || strings.Contains(err.Error(), "cs-0123456789") {
				t.Errorf("%v, want NOT_SENT without the secret", err)
			}
		})
	}
}

func TestOrangesPromises(t *testing.T) {
	t.Parallel()
	got, err := orangeweb.New(with(mali, "https://api.orange.com"), adaptertest.Now)
	if err != nil {
		t.Fatal(err)
	}
	want := pirogue.Capability{
		Reference: pirogue.NeitherByReference, Unheard: pirogue.RepeatRenewed,
		Window: 10 * time.Minute, Horizon: 24 * time.Hour, Proof: pirogue.ProofToken,
	}
	if diff := cmp.Diff(want, got.Capability()); diff != "" {
		t.Error(diff)
	}
}

// with returns conf at an address.
func with(conf config.Operator, url string) config.Operator {
	conf.BaseURL = url
	return conf
}
