package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// status asks once a second until the transaction has ended.
func status(ctx context.Context, api client, args []string) error {
	seconds, err := strconv.Atoi(arg(args, 1, "360"))
	if err != nil {
		return err
	}
	var t transaction
	for range seconds {
		if t, err = api.call(ctx, http.MethodGet, "/payments/"+arg(args, 0, ""), nil); err != nil {
			return err
		}
		switch t.Status {
		case "SUCCESS", "FAILED", "EXPIRED", "REVERSED":
			fmt.Println(t.Status)
			return nil
		}
		time.Sleep(time.Second)
	}
	return fmt.Errorf("still %s", t.Status)
}
