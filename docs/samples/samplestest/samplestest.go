// Package samplestest runs the samples of docs/samples like a merchant, as programs of their own,
// against any API. The samples' own tests pass a fake, and the end-to-end suite passes a running
// Pirogue.
package samplestest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

const (
	// payer is the sandbox number that pays at once.
	payer = "+22376123456"
	// patience bounds the wait for a webhook.
	patience = 30 * time.Second
	// quiet is the time after the webhook in which no other may arrive.
	quiet = 300 * time.Millisecond
)

// Run makes one whole first payment with the samples of every language. baseURL is the API's and
// ends in /api/v1. key and secret are a test key. Each language must see the payment end in
// SUCCESS, and find it again by its order ID. It must receive exactly one webhook for it, and
// refuse forged and stale webhooks.
//
// The receivers listen on 127.0.0.1, so the API must reach that address and accept http:// there.
// PHP and Node are skipped, with the reason, where they are not installed. Run returns when every
// language is done.
func Run(t *testing.T, baseURL, key, secret string) {
	t.Helper()
	api := API{BaseURL: baseURL, Key: key, Secret: secret}
	t.Run("samples", func(t *testing.T) {
		for _, s := range Samples {
			t.Run(s.Language, func(t *testing.T) {
				t.Parallel()
				firstPayment(t, s, api)
			})
		}
	})
}

// firstPayment makes the payment in one language and checks each step.
func firstPayment(t *testing.T, s Sample, api API) {
	t.Helper()
	inbox := s.listen(t, api, 2)
	order := fmt.Sprintf("sample_%s_%d", s.Language, time.Now().UnixNano())

	paid := s.Run(t, api, Call{Program: "pay", Args: []string{payer, "5000", order}, WebhookURL: inbox.url})
	id := paid.Field("transaction_id")
	if paid.ExitCode != 0 || id == "" || paid.Field("status") == "" {
		t.Fatalf("pay told nothing of a transaction: %s", paid)
	}
	if url := paid.Field("payment_url"); url != "" && !regexp.MustCompile(`^https?://[^\s\\]+$`).MatchString(url) {
		t.Errorf("payment_url = %q, not a URL to send a customer to", url)
	}

	ended := s.Run(t, api, Call{Program: "status", Args: []string{id, "60"}})
	if ended.ExitCode != 0 || strings.TrimSpace(ended.Stdout) != "SUCCESS" {
		t.Fatalf("status of %s did not end in SUCCESS: %s", id, ended)
	}

	again := s.Run(t, api, Call{Program: "pay", Args: []string{payer, "5000", order}, WebhookURL: inbox.url})
	if again.ExitCode != 0 || again.Field("transaction_id") != id || !strings.Contains(again.Stderr, "409") {
		t.Errorf("the same order again is not the same transaction %s: %s", id, again)
	}

	inbox.expect(t, id+" SUCCESS", patience)
	inbox.expectNothing(t, quiet)
	inbox.probe(t, api.Secret)
	inbox.done(t)
}
