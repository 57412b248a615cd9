// Command go makes a whole first payment in Go, with the standard library alone.
//
//	go run . pay [MSISDN] [AMOUNT] [ORDER_ID]
//	go run . status TRANSACTION_ID [SECONDS]
//	go run . receiver [-count N] [PORT]
package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
)

func main() {
	api := client{
		baseURL: os.Getenv("NEKAPAY_BASE_URL"),
		key:     os.Getenv("NEKAPAY_API_KEY"),
		secret:  os.Getenv("NEKAPAY_API_SECRET"),
	}
	commands := map[string]func(context.Context, client, []string) error{
		"pay": pay, "status": status, "receiver": receive,
	}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: pay | status | receiver")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](context.Background(), api, os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// arg returns the n-th argument, or otherwise when there is none.
func arg(args []string, n int, otherwise string) string {
	if n >= len(args) {
		return otherwise
	}
	return cmp.Or(args[n], otherwise)
}
