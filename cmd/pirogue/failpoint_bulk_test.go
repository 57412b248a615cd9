//go:build chaos

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// bulkLines is the number of lines of a bulk in the sweep.
const bulkLines = 3

// sweptBulk holds the fields of a bulk that the sweep reads.
type sweptBulk struct {
	Data struct {
		ID     string         `json:"bulk_id"`
		State  string         `json:"state"`
		Counts map[string]int `json:"counts"`
	} `json:"data"`
}

// requestBulk requests a bulk until the response is a bulk, and returns its ID.
func (l *killWorld) requestBulk() string {
	reference := fmt.Sprintf("bulk_%d", orders.Add(1))
	lines := make([]string, bulkLines)
	for i := range lines {
		lines[i] = cashOut(pays, 1000)
	}
	body := fmt.Sprintf(`{"merchant_bulk_id":"%s_%d","lines":[%s]}`,
		reference, time.Now().UnixNano(), strings.Join(lines, ","))
	return l.bulkAnswer(http.MethodPost, bulksPath, body).Data.ID
}

// stopBulk requests a bulk, cancels it, and returns its ID.
func (l *killWorld) stopBulk() string {
	id := l.requestBulk()
	l.bulkAnswer(http.MethodPost, bulksPath+"/"+id+"/cancel", `{"bulk_id":"`+id+`"}`)
	return id
}

// bulkAnswer repeats a request until the response is a bulk.
func (l *killWorld) bulkAnswer(method, path, body string) sweptBulk {
	var bulk sweptBulk
	require.Eventually(l.t, func() bool {
		got, err := l.merchant().do(l.t.Context(), method, path, body)
		return err == nil && json.Unmarshal([]byte(got.Raw), &bulk) == nil && bulk.Data.ID != ""
	}, endurance, 100*time.Millisecond, "%s is never answered", path)
	return bulk
}

// expectBulkEnd waits until a bulk ends in state, "" for any. It requires a webhook of that end and no
// other. lost says that the lines were marked as sent and never left. They fail once their
// operator has proven that it does not know them; without lost every line is paid.
func (l *killWorld) expectBulkEnd(id, state string, lost bool) {
	if lost {
		defer l.settledByPeople()()
	}
	var bulk sweptBulk
	require.Eventually(l.t, func() bool {
		bulk = l.bulkAnswer(http.MethodGet, bulksPath+"/"+id, "")
		return bulk.Data.State == "COMPLETED" || bulk.Data.State == "CANCELLED"
	}, endurance, 200*time.Millisecond, "bulk %s does not end", id)
	if state != "" {
		require.Equal(l.t, state, bulk.Data.State)
		require.Equal(l.t, bulkLines, bulk.Data.Counts[map[bool]string{false: "SUCCESS", true: "FAILED"}[lost]])
	}
	require.Eventually(l.t, func() bool {
		return slices.Equal(slices.Compact(l.bulkWebhooks(id)), []string{bulk.Data.State})
	}, endurance, 100*time.Millisecond, "the merchant does not hear that %s is %s", id, bulk.Data.State)
}

// bulkWebhooks returns the states in the merchant's webhooks about a bulk.
func (l *killWorld) bulkWebhooks(id string) []string {
	var told []string
	for _, letter := range l.inbox.Webhooks() {
		var body struct {
			ID     string `json:"bulk_id"`
			Status string `json:"status"`
		}
		require.NoError(l.t, json.Unmarshal(letter.Body, &body))
		if body.ID == id {
			require.True(l.t, letter.Verified)
			told = append(told, body.Status)
		}
	}
	return told
}
