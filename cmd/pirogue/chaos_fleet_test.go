//go:build chaos

package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"pirogue/config"
	"pirogue/piroguetest"
	"pirogue/vault"
)

// chaosWorld is Pirogue as in production, with a proxy on every connection between two parts. A
// supervisor restarts each part that ends.
type chaosWorld struct {
	*world
	t        testing.TB
	addrs    map[string]string // each part listens here
	proxied  map[string]string // each connection begins here
	proxies  proxies
	postgres *piroguetest.FragilePostgres
	temporal piroguetest.TemporalServer
	keepers  map[string]*supervisor
	sink     *webhookSink
	data     string // the folder of Temporal's file and the simulators' books
}

// chaosTimes leave a customer time while parts are down. They also leave an operator that was
// down itself time to finish. What an operator executes after the finality window goes unseen.
var chaosTimes = shortTimes{window: 10 * time.Second, horizon: 90 * time.Second}

// connection is a connection between two parts: the one that opens it, and the other.
type connection struct{ name, to string }

// edges lists every connection. Each of the two workers has its own.
var edges = []connection{
	{"merchant-api", "api"},
	{"operator-api", "api"},
	{"worker-merchant", "merchant"},
	{"api-postgres", "postgres"},
	{"api-temporal", "temporal"},
	{"worker1-postgres", "postgres"},
	{"worker1-temporal", "temporal"},
	{"worker1-operator", "sandbox"},
	{"worker2-postgres", "postgres"},
	{"worker2-temporal", "temporal"},
	{"worker2-operator", "sandbox"},
}

// newChaosWorld starts every part.
func newChaosWorld(t testing.TB) *chaosWorld {
	t.Helper()
	h := &chaosWorld{
		t: t, data: t.TempDir(), addrs: map[string]string{}, proxied: map[string]string{},
		keepers: map[string]*supervisor{},
	}
	parts := []string{
		"api", "admin", "support", "worker1", "worker2", "sandbox", "temporal", "postgres", "merchant", "proxies",
	}
	ports := quietPorts(t, len(parts)+len(edges))
	for i, part := range parts {
		h.addrs[part] = ports[i]
	}
	h.proxies = startProxies(t, h.addrs["proxies"])
	for i, e := range edges {
		h.proxied[e.name] = ports[len(parts)+i]
		require.NoError(t, h.proxies.between(e.name, h.proxied[e.name], h.addrs[e.to]))
	}
	h.postgres = piroguetest.StartFragilePostgresAt(t, h.addrs["postgres"])
	h.startTemporal()
	h.openBooks()
	origin := fmt.Sprint(time.Now().UnixNano())
	h.supervise("sandbox", "sandbox", "http://"+h.addrs["sandbox"]+"/",
		"-rate", fmt.Sprint(hurriedRate), "-origin", origin, "-promises", *promisesFlag)
	h.supervise("worker1", "worker", "http://"+h.addrs["worker1"]+"/readyz")
	h.supervise("worker2", "worker", "http://"+h.addrs["worker2"]+"/readyz")
	h.supervise("api", "api", "http://"+h.addrs["admin"]+"/readyz")
	require.NoError(t, h.ready())
	return h
}

// env returns the settings of one part. "" is the test itself. It goes through no proxy, so that
// no fault changes what it reads.
func (h *chaosWorld) env(part string) []string {
	database, temporal, play := h.postgres.URL, h.addrs["temporal"], h.addrs["sandbox"]
	if address, ok := h.proxied[part+"-postgres"]; ok {
		database = "postgres://postgres@" + address + "/postgres?sslmode=disable"
	}
	if address, ok := h.proxied[part+"-temporal"]; ok {
		temporal = address
	}
	if address, ok := h.proxied[part+"-operator"]; ok {
		play = address
	}
	return append(os.Environ(),
		"DATABASE_URL="+database, "TEMPORAL_ADDRESS="+temporal, "PIROGUE_SANDBOX_URL=http://"+play,
		"PIROGUE_KEYS="+harbourKeys, "PIROGUE_LOOPBACK_WEBHOOKS=true", "PIROGUE_LOG_LEVEL=error",
		"PIROGUE_API_ADDR="+h.addrs["api"], "PIROGUE_ADMIN_ADDR="+h.addrs["admin"],
		"PIROGUE_SUPPORT_ADDR="+h.addrs["support"], "PIROGUE_SANDBOX_ADDR="+h.addrs["sandbox"],
		"PIROGUE_WORKER_ADDR="+h.addrs[part], "PIROGUE_PUBLIC_URL=http://"+h.proxied["operator-api"],
		"PIROGUE_DATA_DIR="+h.data,
	)
}

var harbourKeys = vault.NewRing("test")

func (h *chaosWorld) startTemporal() {
	_, port, err := net.SplitHostPort(h.addrs["temporal"])
	require.NoError(h.t, err)
	h.temporal = piroguetest.StartTemporal(h.t, "-port", port, "-ui-port", "0", "-db",
		filepath.Join(h.data, "temporal.db"))
}

// openBooks migrates the database and makes a merchant whose webhooks go to the sink.
func (h *chaosWorld) openBooks() {
	conf, err := config.Load(h.env(""))
	require.NoError(h.t, err)
	chaosTimes.hasten(&conf)
	p, err := newParts(conf)
	require.NoError(h.t, err)
	p.log = zap.NewNop()
	require.NoError(h.t, errors.Join(p.openStore(h.t.Context()), p.openTemporal()))
	h.t.Cleanup(func() { require.NoError(h.t, p.Close()) })
	require.NoError(h.t, p.store.Migrate(h.t.Context()))
	h.world = &world{t: h.t, parts: p}
	h.account, err = p.devAccount(h.t.Context())
	require.NoError(h.t, err)
	h.sink = &webhookSink{secret: h.account.Secret, statusCounts: map[string]map[string]int{}}
	listener, err := net.Listen("tcp", h.addrs["merchant"])
	require.NoError(h.t, err)
	server := &http.Server{Handler: h.sink}
	go server.Serve(listener) //nolint:errcheck // it ends when the listener closes
	h.t.Cleanup(func() { require.NoError(h.t, server.Close()) })
	require.NoError(h.t, p.store.Merchants.SetNotifyURL(h.t.Context(), h.account.MerchantID,
		"http://"+h.proxied["worker-merchant"]))
}

// customer returns a merchant who reaches the API through the proxy, faults included.
func (h *chaosWorld) customer() merchant {
	return merchant{"http://" + h.proxied["merchant-api"] + "/api/v1", h.account}
}

// supervisor restarts a part each time it ends, as a service manager does.
type supervisor struct {
	ready string
	start func() (*process, error)
	mu    sync.Mutex
	now   *process
	until time.Time // the part stays down until then
	over  bool
}

// breath is the shortest time for which a part that ended stays down. It slows the restarts of a
// part that cannot start.
const breath = 300 * time.Millisecond

// supervise runs a part until the test ends.
func (h *chaosWorld) supervise(name, part, ready string, args ...string) {
	env := h.env(name)
	args = append(args, chaosTimes.flags()...)
	log := h.log(name)
	k := &supervisor{ready: ready, start: func() (*process, error) { return spawn(log, part, env, args...) }}
	h.keepers[name] = k
	var err error
	k.now, err = k.start()
	require.NoError(h.t, err)
	done := make(chan struct{})
	go func() { defer close(done); k.watch() }()
	h.t.Cleanup(func() { k.stop(); <-done })
}

// logsFlag names the folder for the parts' logs. By default there are none: with everything
// broken they hold errors without end.
var logsFlag = flag.String("logs", "", "a folder for the logs of the parts of a fault run; \"\" keeps none")

func (h *chaosWorld) log(name string) io.Writer {
	if *logsFlag == "" {
		return io.Discard
	}
	file, err := os.Create(filepath.Join(*logsFlag, name+".log"))
	require.NoError(h.t, err)
	h.t.Cleanup(func() { file.Close() })
	return file
}

// watch restarts the part each time it ends, until the test ends.
func (k *supervisor) watch() {
	for {
		k.mu.Lock()
		running := k.now
		k.mu.Unlock()
		<-running.gone
		time.Sleep(breath)
		for {
			k.mu.Lock()
			wait, over := time.Until(k.until), k.over
			k.mu.Unlock()
			if over {
				return
			}
			if wait <= 0 {
				break
			}
			time.Sleep(min(wait, breath))
		}
		if again, err := k.start(); err == nil {
			k.mu.Lock()
			k.now = again
			k.mu.Unlock()
		}
	}
}

// kill ends the part without a warning, like a power cut, and keeps it down for a while.
func (k *supervisor) kill(down time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.until = time.Now().Add(down)
	k.now.cmd.Process.Kill() //nolint:errcheck // it may be down already
}

func (k *supervisor) stop() {
	k.mu.Lock()
	k.over = true
	k.mu.Unlock()
	k.kill(0)
}

// ready waits until every part answers.
func (h *chaosWorld) ready() error {
	for _, name := range slices.Sorted(maps.Keys(h.keepers)) {
		deadline := time.Now().Add(patience)
		for get(context.Background(), h.keepers[name].ready) != nil {
			if time.Now().After(deadline) {
				return fmt.Errorf("%s does not answer", name)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	return nil
}

// webhookSink receives the merchant's webhooks. It verifies each, and counts the statuses that each
// payment's webhooks name.
type webhookSink struct {
	secret       string
	mu           sync.Mutex
	statusCounts map[string]map[string]int
	forged       int
	header       http.Header // of the latest webhook, with its body
	body         []byte
}

// ServeHTTP implements http.Handler.
func (s *webhookSink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	var event struct {
		ID     string `json:"transaction_id"`
		Status string `json:"status"`
	}
	if err != nil || json.Unmarshal(body, &event) != nil {
		w.WriteHeader(http.StatusBadRequest) // the body was cut off on its way
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	mac := hmac.New(sha256.New, []byte(s.secret))
	mac.Write([]byte(r.Header.Get("X-NekaPay-Timestamp")))
	mac.Write(body)
	if r.Header.Get("X-NekaPay-Signature") != hex.EncodeToString(mac.Sum(nil)) {
		s.forged++
	}
	if s.statusCounts[event.ID] == nil {
		s.statusCounts[event.ID] = map[string]int{}
	}
	s.statusCounts[event.ID][event.Status]++
	s.header, s.body = r.Header.Clone(), body
}

// statuses returns the statuses in the webhooks about a payment.
func (s *webhookSink) statuses(id string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.statusCounts[id]))
}
