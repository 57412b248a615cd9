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

// bulkLines is how many lines the sweep's bulks have.
const bulkLines = 3

// sweptBulk is a bulk as the sweep reads it.
type sweptBulk struct {
	Data struct {
		ID     string         `json:"bulk_id"`
		State  string         `json:"state"`
		Counts map[string]int `json:"counts"`
	} `json:"data"`
}

// askBulk asks for a bulk until it is answered with one, and returns its id.
func (l *lane) askBulk() string {
	reference := fmt.Sprintf("bulk_%d", orders.Add(1))
	lines := make([]string, bulkLines)
	for i := range lines {
		lines[i] = cashOut(pays, 1000)
	}
	body := fmt.Sprintf(`{"merchant_bulk_id":"%s_%d","lines":[%s]}`, reference, time.Now().UnixNano(), strings.Join(lines, ","))
	return l.bulkAnswer(http.MethodPost, bulksPath, body).Data.ID
}

// stopBulk asks for a bulk and cancels it, and returns its id.
func (l *lane) stopBulk() string {
	id := l.askBulk()
	l.bulkAnswer(http.MethodPost, bulksPath+"/"+id+"/cancel", `{"bulk_id":"`+id+`"}`)
	return id
}

// bulkAnswer asks until it is answered with a bulk.
func (l *lane) bulkAnswer(method, path, body string) sweptBulk {
	var bulk sweptBulk
	require.Eventually(l.t, func() bool {
		got, err := l.merchant().do(l.t.Context(), method, path, body)
		return err == nil && json.Unmarshal([]byte(got.Raw), &bulk) == nil && bulk.Data.ID != ""
	}, endurance, 100*time.Millisecond, "%s is never answered", path)
	return bulk
}

// bulkEnds waits for a bulk's end, "" for any, and for the merchant to have heard of it
// and of nothing else. Lines that were marked as sent and never left fail, once their
// operator has proven that it knows none of them; the others are paid.
func (l *lane) bulkEnds(id, state string, lost bool) {
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
		return slices.Equal(slices.Compact(l.heardOf(id)), []string{bulk.Data.State})
	}, endurance, 100*time.Millisecond, "the merchant does not hear that %s is %s", id, bulk.Data.State)
}

// heardOf returns the states the merchant was told of about a bulk.
func (l *lane) heardOf(id string) []string {
	var told []string
	for _, letter := range l.inbox.Letters() {
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
