package samples_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue/docs/samples/samplestest"
)

// TestFirstPayment makes a whole payment with every language. It uses the fake API of this package,
// or a running API where the samples' own variables name one.
func TestFirstPayment(t *testing.T) {
	t.Parallel()
	api := newFake(t)
	if url := os.Getenv("NEKAPAY_BASE_URL"); url != "" {
		api = samplestest.API{BaseURL: url, Key: os.Getenv("NEKAPAY_API_KEY"), Secret: os.Getenv("NEKAPAY_API_SECRET")}
	}
	samplestest.Run(t, api.BaseURL, api.Key, api.Secret)
}

// row is one condition of the API, with the sample's expected output.
type row struct {
	world   string
	program string
	args    []string
	secret  string // a wrong secret, when set
	exit    int
	stdout  string // it contains this text
	stderr  string // it contains this text
}

var rows = []row{
	{
		world: "the number is not one", program: "pay", args: []string{"76123456"},
		exit: 1, stderr: "422 INVALID_MSISDN: Numéro invalide",
	},
	{
		world: "the secret is wrong", program: "pay", secret: "another secret",
		exit: 1, stderr: "401 SIGNATURE_INVALID: Signature incorrecte",
	},
	{
		world: "the operator is down, but the payment exists", program: "pay", args: []string{"+22376555555"},
		exit: 0, stdout: "status: PENDING", stderr: "503 OPERATOR_UNAVAILABLE: Orange indisponible",
	},
	{
		world: "we are too fast, wait as told and sign again", program: "pay",
		args: []string{"+22376123456", "5000", "hasty_"},
		exit: 0, stdout: "transaction_id: ",
	},
	{
		world: "the customer has to pay on a page", program: "pay",
		exit: 0, stdout: "payment_url: https://pay.example/?a=1&b=2\n",
	},
	{
		world: "the customer's balance is too low", program: "status", args: []string{idFailed}, exit: 0,
		stdout: "FAILED\n",
	},
	{
		world: "the customer takes his time", program: "status", args: []string{idPending, "1"}, exit: 1,
		stderr: "still PENDING",
	},
	{
		world: "there is no such payment", program: "status", args: []string{"1"}, exit: 1,
		stderr: "404 TRANSACTION_NOT_FOUND",
	},
}

// TestAnswers checks each language's reaction to each response in the contract.
func TestAnswers(t *testing.T) {
	t.Parallel()
	api := newFake(t)
	for _, s := range samplestest.Samples {
		for _, r := range rows {
			t.Run(s.Language+"/"+r.world, func(t *testing.T) {
				t.Parallel()
				r.hold(t, s, api)
			})
		}
	}
}

func (r row) hold(t *testing.T, s samplestest.Sample, api samplestest.API) {
	t.Helper()
	args := append([]string(nil), r.args...)
	if last := len(args) - 1; last >= 0 && strings.HasSuffix(args[last], "_") {
		args[last] += s.Language // an order ID of each language's own
	}
	if r.secret != "" {
		api.Secret = r.secret
	}
	got := s.Run(t, api, samplestest.Call{Program: r.program, Args: args})
	require.Equal(t, r.exit, got.ExitCode, got)
	require.Contains(t, got.Stdout, r.stdout, got)
	require.Contains(t, got.Stderr, r.stderr, got)
	if r.exit != 0 {
		require.Empty(t, got.Stdout, "a program that failed printed a result: %s", got)
	}
	// go run adds a line of its own.
	require.LessOrEqual(t, strings.Count(got.Stderr, "\n"), 2, "a refusal is one line, not a crash: %s", got)
}
