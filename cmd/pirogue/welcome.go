package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"pirogue"
	"pirogue/access"
	"pirogue/support"
)

// devAccount is the laptop's merchant with a test key and a support token. A file keeps it,
// because a secret is shown only once.
type devAccount struct {
	MerchantID pirogue.MerchantID `json:"merchant_id"`
	Key        string             `json:"api_key"`
	Secret     string             `json:"api_secret"`
	Support    string             `json:"support_token"` // of laptopPerson
}

// laptopPerson names the one support person of a laptop in the audit log.
const laptopPerson = "laptop"

// devAccount returns the laptop's merchant and its support token. It makes each at the first
// start, and again if the database does not know it.
func (p *parts) devAccount(ctx context.Context) (devAccount, error) {
	path := filepath.Join(p.conf.DataDir, "account.json")
	var kept devAccount
	raw, err := os.ReadFile(filepath.Clean(path))
	if err != nil || json.Unmarshal(raw, &kept) != nil {
		kept = devAccount{}
	}
	account := kept
	if _, _, err := p.store.Keys.Key(ctx, kept.Key, p.clock.Now()); err != nil {
		if account, err = p.newDevAccount(ctx); err != nil {
			return account, err
		}
	}
	if account.Support, err = p.devToken(ctx, kept.Support); err != nil || account == kept {
		return account, err
	}
	raw, err = json.MarshalIndent(account, "", "  ") //nolint:gosec // a test key, in a private file
	return account, errors.Join(err, os.WriteFile(path, raw, privateFile))
}

// newDevAccount creates the laptop's merchant, whose webhooks go to the inbox, and its test key.
func (p *parts) newDevAccount(ctx context.Context) (devAccount, error) {
	merchant, err := p.store.Merchants.CreateMerchant(ctx, pirogue.Merchant{
		Name: "Boutique Téranga", NotifyURL: p.conf.SandboxURL + inboxPath,
	})
	if err != nil {
		return devAccount{}, err
	}
	public, secret, err := p.store.Keys.CreateKey(ctx, access.Owner{MerchantID: merchant.ID, Mode: pirogue.Test}, nil)
	return devAccount{MerchantID: merchant.ID, Key: public, Secret: secret}, err
}

// devToken returns the kept token, or a fresh one if the kept one is not in force. A name has one
// token, so it revokes the old one first.
func (p *parts) devToken(ctx context.Context, kept string) (string, error) {
	if _, _, err := p.store.Tokens.Token(ctx, kept); err == nil {
		return kept, nil
	}
	if err := p.store.Tokens.RevokeToken(ctx, laptopPerson); err != nil && pirogue.CodeOf(err) != pirogue.NotFound {
		return "", err
	}
	return p.store.Tokens.CreateToken(ctx, laptopPerson, support.RoleFinance)
}

// announce prints the addresses and a first payment, once everything answers. It also writes the
// environment file.
func (p *parts) announce(out io.Writer, account devAccount) error {
	base, ui, admin := p.conf.PublicURL+"/api/v1", p.conf.TemporalUIURL(), "http://"+p.conf.AdminAddr
	lines := []string{
		"export NEKAPAY_BASE_URL=" + base,
		"export NEKAPAY_API_KEY=" + account.Key,
		"export NEKAPAY_API_SECRET=" + account.Secret,
		"export NEKAPAY_MERCHANT_ID=" + string(account.MerchantID),
		"export PIROGUE_TEMPORAL_UI=" + ui,
		"export PIROGUE_ADMIN_URL=" + admin,
		"export PIROGUE_SUPPORT_URL=" + p.conf.SupportURL,
		"export PIROGUE_SUPPORT_TOKEN=" + account.Support,
	}
	_, err := fmt.Fprintf(out, welcome,
		base, p.conf.PublicURL, p.conf.SandboxURL, p.conf.SandboxURL+inboxPath, ui, admin, p.conf.SupportURL,
		account.Key, account.Secret, account.MerchantID, envFile(p.conf),
		p.firstPayment(base, account), envFile(p.conf))
	return errors.Join(err, writeWhole(envFile(p.conf), strings.Join(lines, "\n")+"\n"))
}

// welcome is the text that announce prints.
const welcome = `
Pirogue is ready.

  Merchant API   %s
  Error codes    %s/docs/errors
  Simulators     %s
  Webhook inbox  %s
  Temporal UI    %s
  Health         %s/readyz
  Support        %s   (pirogue admin --help)

  Test key       %s
  Test secret    %s
  Merchant       %s
  For a shell    source %s

Take a first payment (signed, good for five minutes):

%s

Open the payment_url it answers and pay, or wait ten seconds: the sandbox pays by itself. Then look at the
webhook inbox and the Temporal UI. To sign your own: source %s && docs/samples/bash/pay.sh
Ctrl-C stops everything.

`

// firstPayment returns a signed curl command that takes a payment.
func (p *parts) firstPayment(base string, account devAccount) string {
	now := p.clock.Now()
	body := fmt.Sprintf(`{"merchant_order_id":"order_%d","amount":5000,"customer_msisdn":"+22370001234"}`, now.UnixMilli())
	timestamp := fmt.Sprint(now.Unix())
	mac := hmac.New(sha256.New, []byte(account.Secret))
	mac.Write([]byte(timestamp + body))
	return fmt.Sprintf("curl -sS -X POST %s/payments/cashin -H 'Content-Type: application/json'"+
		" -H 'X-NekaPay-Key: %s' -H 'X-NekaPay-Timestamp: %s' -H 'X-NekaPay-Signature: %s' -d '%s'",
		base, account.Key, timestamp, hex.EncodeToString(mac.Sum(nil)), body)
}

// writeWhole writes a private file atomically, so that no reader sees half of it.
func writeWhole(path, text string) error {
	draft := path + ".new"
	if err := os.WriteFile(draft, []byte(text), privateFile); err != nil {
		return err
	}
	return os.Rename(draft, path)
}
