package webhook_test

import (
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/webhook"
)

// Neka Paie's merchants parse its eight fields, in their order.
func TestNewEvent(t *testing.T) {
	t.Parallel()

	event, err := webhook.NewEvent(pirogue.Payment{
		ID: "018f3c5e-0000-7000-8000-000000000001", Kind: pirogue.CashIn, OrderID: "order_001", Mode: pirogue.Test,
		Status: pirogue.StatusFailed, Amount: pirogue.Money{Minor: 50_000, Currency: pirogue.XOF}, Sequence: 1,
		Failure: pirogue.Failure{Code: pirogue.FailedDeclined, Note: "for support only"},
	}, "https://merchant.example/hook", time.Date(2026, 4, 29, 14, 32, 18, 0, time.UTC))
	require.NoError(t, err)

	require.Regexp(t, `^`+regexp.QuoteMeta(`{"event":"transaction.status_changed",`+
		`"transaction_id":"018f3c5e-0000-7000-8000-000000000001","merchant_order_id":"order_001","type":"CASHIN",`+
		`"status":"FAILED","amount":50000,"currency":"XOF","timestamp":"2026-04-29T14:32:18+00:00",`), string(event.Body))
	require.NotContains(t, string(event.Body), "for support only")
	require.True(t, json.Valid(event.Body))
	require.Equal(t, pirogue.EventWaiting, event.State)
	require.Equal(t, pirogue.EventID("evt_018f3c5e000070008000000000000001_1"), event.ID)
}

// A merchant without a webhook address is not tried seven times.
func TestNewEvent_without_address(t *testing.T) {
	t.Parallel()

	event, err := webhook.NewEvent(pirogue.Payment{Status: pirogue.StatusSuccess}, "", time.Now())
	require.NoError(t, err)
	require.Equal(t, pirogue.EventUnwanted, event.State)
}

// The contract promises this span to merchants.
func TestDeliveryDelays(t *testing.T) {
	t.Parallel()

	var sum time.Duration
	for _, delay := range webhook.DeliveryDelays {
		sum += delay
	}
	require.Equal(t, 31*time.Hour+21*time.Minute, sum)
}
