package config

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Account holds the three settings by which a merchant reaches the merchant API. Every
// sample reads them. `pirogue merchant key create` prints the last two.
type Account struct {
	BaseURL string `env:"NEKAPAY_BASE_URL" envDefault:"http://127.0.0.1:8080/api/v1"`
	Key     string `env:"NEKAPAY_API_KEY"`
	Secret  string `env:"NEKAPAY_API_SECRET"`
}

// LoadAccount reads a merchant's settings from an environment of "NAME=value" lines. The
// error lists every mistake.
func LoadAccount(environ []string) (Account, error) {
	account, err := env.ParseAsWithOptions[Account](env.Options{Environment: env.ToMap(environ)})
	account.BaseURL = strings.TrimSuffix(account.BaseURL, "/")
	mistakes := []error{err}
	if u, err := url.Parse(account.BaseURL); err != nil || u.Host == "" {
		mistakes = append(mistakes, fmt.Errorf("NEKAPAY_BASE_URL: %q is not an http or https URL", account.BaseURL))
	}
	if account.Key == "" {
		mistakes = append(mistakes, errors.New("NEKAPAY_API_KEY is not set"))
	}
	if account.Secret == "" {
		mistakes = append(mistakes, errors.New("NEKAPAY_API_SECRET is not set"))
	}
	return account, errors.Join(mistakes...)
}
