package store_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// traffic counts what a caller and PostgreSQL said to each other.
type traffic struct {
	Commits int // transactions that changed a row, also those of one statement
	Reads   int // transactions that changed none
	Trips   int // a request and the wait for its response
}

// countingProxy stands between the store and PostgreSQL, and counts by PostgreSQL's protocol. So it
// counts what was sent, not what the store believes to send.
type countingProxy struct {
	mu     sync.Mutex
	counts traffic
	tags   []string // of the statements, in the order of their responses
	plans  []string // that auto_explain reports, likewise
}

// startCountingProxy listens at a socket in front of the database of a URL. It returns the URL of
// the same database behind the proxy.
func startCountingProxy(tb testing.TB, target string) (*countingProxy, string) {
	tb.Helper()
	address, err := url.Parse(target)
	require.NoError(tb, err)
	query := address.Query()
	const socket = ".s.PGSQL.5432"
	server, folder := filepath.Join(query.Get("host"), socket), tb.TempDir()
	listener, err := (&net.ListenConfig{}).Listen(tb.Context(), "unix", filepath.Join(folder, socket))
	require.NoError(tb, err)
	tb.Cleanup(func() { listener.Close() })
	p := &countingProxy{}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := (&net.Dialer{}).DialContext(tb.Context(), "unix", server)
			if err != nil {
				client.Close() //nolint:errcheck // the caller sees a lost connection
				return
			}
			state := &connection{statements: map[string]bool{}}
			go func() {
				p.send(state, upstream, client) //nolint:errcheck // the end of the connection
				upstream.Close()                //nolint:errcheck // likewise
			}()
			go func() {
				p.relay(state, client, upstream) //nolint:errcheck // the end of the connection
				client.Close()                   //nolint:errcheck // likewise
			}()
		}
	}()
	query.Set("host", folder)
	address.RawQuery = query.Encode()
	return p, address.String()
}

// connection is the state of one connection between two responses.
type connection struct {
	statements map[string]bool // prepared ones by their names, true if they change rows by WITH
	changes    bool            // the statement under way does so
	ready      bool            // the connection is set up
	wrote      bool            // the transaction has changed a row
	undone     bool            // it was rolled back
	empty      bool            // the request was a ping
}

// send passes the client's messages on and looks for statements whose tag does not tell that they
// change rows.
func (p *countingProxy) send(state *connection, server io.Writer, client io.Reader) error {
	reader := bufio.NewReader(client)
	for begun := false; ; begun = true {
		header := make([]byte, 5)
		if !begun { // the first message has no kind
			header = header[:4]
		}
		if _, err := io.ReadFull(reader, header); err != nil {
			return err
		}
		body := make([]byte, binary.BigEndian.Uint32(header[len(header)-4:])-4)
		if _, err := io.ReadFull(reader, body); err != nil {
			return err
		}
		if begun {
			p.prepare(state, header[0], strings.SplitN(string(body), "\x00", 3))
		}
		if _, err := server.Write(append(header, body...)); err != nil {
			return err
		}
	}
}

// prepare notes a statement that is prepared or run.
func (p *countingProxy) prepare(state *connection, kind byte, texts []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch kind {
	case 'P':
		text := strings.TrimSpace(texts[1])
		state.statements[texts[0]] = strings.HasPrefix(text, "WITH") &&
			(strings.Contains(text, "INSERT") || strings.Contains(text, "UPDATE"))
	case 'B':
		state.changes = state.statements[texts[1]]
	case 'Q':
		state.changes = false
	}
}

// relay passes the server's messages on and counts them.
func (p *countingProxy) relay(state *connection, client io.Writer, server io.Reader) error {
	reader := bufio.NewReader(server)
	for {
		header := make([]byte, 5)
		if _, err := io.ReadFull(reader, header); err != nil {
			return err
		}
		body := make([]byte, binary.BigEndian.Uint32(header[1:])-4)
		if _, err := io.ReadFull(reader, body); err != nil {
			return err
		}
		p.count(state, header[0], body)
		if _, err := client.Write(append(header, body...)); err != nil {
			return err
		}
	}
}

// count counts one message of the server.
func (p *countingProxy) count(state *connection, kind byte, body []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch kind {
	case 'C': // a statement is complete
		tag := strings.TrimRight(string(body), "\x00")
		p.tags = append(p.tags, tag)
		var verb string
		var rows, last int
		switch n, _ := fmt.Sscan(tag, &verb, &rows, &last); n { //nolint:errcheck // a tag without numbers
		case 3: // INSERT has an object's number before that of its rows
			rows = last
		case 1:
			rows = 0
		}
		state.wrote = state.wrote || (verb != "SELECT" || state.changes) && rows > 0
		state.undone = state.undone || verb == "ROLLBACK"
	case 'N': // a notice: its part M is the text
		for part := range strings.SplitSeq(string(body), "\x00") {
			if text, found := strings.CutPrefix(part, "M"); found {
				p.plans = append(p.plans, text)
			}
		}
	case 'E':
		state.undone = true
	case 'I': // a ping
		state.empty = true
	case 'Z': // the server waits for the next request
		p.answered(state, body[0] == 'I')
	}
}

// answered counts a request that was answered, and its transaction if that is over.
func (p *countingProxy) answered(state *connection, over bool) {
	defer func() { state.empty = false }()
	if !state.ready || state.empty {
		state.ready = true
		return
	}
	p.counts.Trips++
	if !over {
		return
	}
	if state.wrote && !state.undone {
		p.counts.Commits++
	} else {
		p.counts.Reads++
	}
	state.wrote, state.undone = false, false
}

// of returns what one call costs.
func (p *countingProxy) of(call func()) (traffic, []string) {
	p.mu.Lock()
	before := p.counts
	p.tags, p.plans = nil, nil
	p.mu.Unlock()
	call()
	p.mu.Lock()
	defer p.mu.Unlock()
	return traffic{
		Commits: p.counts.Commits - before.Commits, Reads: p.counts.Reads - before.Reads,
		Trips: p.counts.Trips - before.Trips,
	}, p.tags
}
