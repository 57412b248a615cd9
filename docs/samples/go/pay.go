package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"strconv"
)

// cashIn is the smallest request; country and currency follow from the number.
type cashIn struct {
	OrderID   string `json:"merchant_order_id"`
	Amount    int64  `json:"amount"`
	MSISDN    string `json:"customer_msisdn"`
	NotifyURL string `json:"notify_url,omitempty"`
}

// pay collects a payment from a customer.
func pay(ctx context.Context, api client, args []string) error {
	amount, err := strconv.ParseInt(arg(args, 1, "5000"), 10, 64)
	if err != nil {
		return err
	}
	t, err := api.call(ctx, http.MethodPost, "/payments/cashin", cashIn{
		// Your reference: unique for ever, and the same when you try again.
		OrderID:   arg(args, 2, "order_"+rand.Text()),
		Amount:    amount,
		MSISDN:    arg(args, 0, "+22376123456"),
		NotifyURL: os.Getenv("WEBHOOK_URL"),
	})
	if err != nil {
		return err
	}
	fmt.Printf("transaction_id: %s\nstatus: %s\n", t.ID, t.Status)
	if t.PaymentURL != "" {
		fmt.Printf("payment_url: %s\n", t.PaymentURL)
	}
	return nil
}
