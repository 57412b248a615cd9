//go:build chaos

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/piroguetest"
)

// proxies controls a running faultproxy, which stands between every two parts.
type proxies struct{ api string }

// startProxies starts bin/faultproxy, which ends with the test.
func startProxies(t testing.TB, addr string) proxies {
	t.Helper()
	path := filepath.Join(piroguetest.Root(t), "bin", "faultproxy")
	cmd := exec.Command(path, "-addr", addr)
	cmd.Stderr = os.Stderr
	alive, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start(), "run `make chaos`, which builds %s", path)
	t.Cleanup(func() {
		alive.Close()
		cmd.Wait() //nolint:errcheck // it ends when nobody holds its standard input
	})
	p := proxies{"http://" + addr}
	require.Eventually(t, func() bool { return get(t.Context(), p.api+"/version") == nil }, patience,
		20*time.Millisecond)
	return p
}

// between opens a proxied connection: a client of listen reaches upstream.
func (p proxies) between(name, listen, upstream string) error {
	return p.post("/proxies", map[string]any{"name": name, "listen": listen, "upstream": upstream, "enabled": true})
}

// disturb adds one fault to a connection, for the data in one direction.
func (p proxies) disturb(edge string, how toxic, stream string) error {
	return p.post("/proxies/"+edge+"/toxics", map[string]any{
		"name": how.Name, "type": how.Type, "stream": stream, "toxicity": 1, "attributes": how.Attributes,
	})
}

// mend removes one fault.
func (p proxies) mend(edge string, how toxic) error {
	return p.call(http.MethodDelete, "/proxies/"+edge+"/toxics/"+how.Name, nil)
}

func (p proxies) post(path string, body any) error { return p.call(http.MethodPost, path, body) }

// proxyWithin bounds one change of a proxy. Toxiproxy first writes what the connections still hold,
// and answers 503 after 25 s while it goes on.
const proxyWithin = 2 * time.Minute

// call changes a proxy. It repeats a change that timed out: a 404 or 409 then says that it was made.
func (p proxies) call(method, path string, body any) error {
	for deadline, repeated := time.Now().Add(proxyWithin), false; ; repeated = true {
		status, said, err := p.callOnce(method, path, body)
		made := repeated && (status == http.StatusNotFound || status == http.StatusConflict)
		switch {
		case err != nil || status < http.StatusBadRequest || made:
			return err
		case status != http.StatusServiceUnavailable || time.Now().After(deadline):
			return fmt.Errorf("%s %s answers %d: %s", method, path, status, said)
		}
	}
}

// callOnce returns the status and the body of one response.
func (p proxies) callOnce(method, path string, body any) (status int, said []byte, err error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	req, err := http.NewRequest(method, p.api+path, bytes.NewReader(raw))
	if err != nil {
		return 0, nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	said, err = io.ReadAll(resp.Body)
	return resp.StatusCode, said, err
}

// toxic is one fault of a connection, in Toxiproxy's words.
type toxic struct {
	Name, Type string
	Attributes map[string]int
}

// toxics lists the faults that a run uses.
var toxics = []toxic{
	{"latency", "latency", map[string]int{"latency": 1500, "jitter": 1000}}, // ms
	{"reset", "reset_peer", map[string]int{"timeout": 100}},                 // ms after the first byte
	{"black-hole", "timeout", map[string]int{"timeout": 0}},                 // as long as the fault is there
	{"slow-body", "bandwidth", map[string]int{"rate": 1}},                   // kB/s
}
