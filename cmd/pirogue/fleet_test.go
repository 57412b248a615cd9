package main

import (
	"context"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/config"
	"pirogue/piroguetest"
	"pirogue/sandbox/inbox"
	"pirogue/vault"
)

// fleet is Pirogue as in production: every part is a process, which a test may kill and start
// again.
type fleet struct {
	*world
	t        testing.TB // the running sub-test
	whole    testing.TB // the parts end with it
	env      []string
	postgres *piroguetest.FragilePostgres
	temporal piroguetest.TemporalServer
	storage  []string // the arguments that tell Temporal where to keep its data
	data     string
	ports    map[string]string
	running  map[string]*exec.Cmd
}

// patience bounds the time until a part answers, on a slow machine.
const patience = 60 * time.Second

// newFleet starts every part on a durable PostgreSQL and a Temporal that keeps its file.
func newFleet(t testing.TB) *fleet {
	t.Helper()
	return startFleet(t, piroguetest.StartFragilePostgres(t), fleetSetup{})
}

// fleetSetup holds the options of a fleet.
type fleetSetup struct {
	storage  []string              // the arguments that tell Temporal where to keep its data; none: a file
	settings func(*fleet) []string // of the parts, once their ports are known; nil: none
}

// startFleet starts every part on a database.
func startFleet(t testing.TB, postgres *piroguetest.FragilePostgres, s fleetSetup) *fleet {
	t.Helper()
	addrs := freePorts(t, 6)
	f := &fleet{
		t: t, whole: t, data: piroguetest.Folder(t), running: map[string]*exec.Cmd{},
		postgres: postgres, storage: s.storage,
		ports: map[string]string{
			"api": addrs[0], "admin": addrs[1], "worker": addrs[2], "sandbox": addrs[3], "temporal": addrs[4],
		},
	}
	if len(s.storage) == 0 {
		f.storage = []string{"-db", filepath.Join(f.data, "temporal.db")}
	}
	f.startTemporal()
	f.env = append(os.Environ(),
		"DATABASE_URL="+f.postgres.URL, "PIROGUE_KEYS="+vault.NewRing("test"), "PIROGUE_LOOPBACK_WEBHOOKS=true",
		"PIROGUE_API_ADDR="+addrs[0], "PIROGUE_ADMIN_ADDR="+addrs[1], "PIROGUE_WORKER_ADDR="+addrs[2],
		"PIROGUE_SANDBOX_ADDR="+addrs[3], "TEMPORAL_ADDRESS="+addrs[4], "PIROGUE_DATA_DIR="+f.data,
		"PIROGUE_LOG_LEVEL=error", "PIROGUE_SUPPORT_ADDR="+addrs[5],
	)
	if s.settings != nil {
		f.env = append(f.env, s.settings(f)...)
	}
	f.openBooks()
	for _, part := range []string{"sandbox", "worker", "api"} {
		f.start(part)
	}
	return f
}

// openBooks migrates the database and makes a merchant. It runs the code of the processes in this
// process.
func (f *fleet) openBooks() {
	conf, err := config.Load(f.env)
	require.NoError(f.t, err)
	p, err := newParts(conf)
	require.NoError(f.t, err)
	require.NoError(f.t, p.openStore(f.t.Context()))
	require.NoError(f.t, p.openTemporal())
	f.t.Cleanup(func() { require.NoError(f.whole, p.Close()) })
	require.NoError(f.t, p.store.Migrate(f.t.Context()))
	f.world = &world{t: f.t, parts: p}
	f.account, err = p.devAccount(f.t.Context())
	require.NoError(f.t, err)
	f.inbox = inbox.New(f.account.Secret)
	hook := httptest.NewServer(f.inbox)
	f.t.Cleanup(hook.Close)
	require.NoError(f.t, p.store.Merchants.SetNotifyURL(f.t.Context(), f.account.MerchantID, hook.URL))
}

// start starts a part and waits until it answers.
func (f *fleet) start(part string) {
	f.t.Helper()
	path, err := binary()
	require.NoError(f.t, err)
	cmd := exec.Command(path, part)
	cmd.Env, cmd.Stderr = f.env, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(f.t, cmd.Start())
	f.running[part] = cmd
	f.whole.Cleanup(func() { f.kill(part) })

	url := map[string]string{
		"api": "http://" + f.ports["admin"] + "/readyz", "worker": "http://" + f.ports["worker"] + "/readyz",
		"sandbox": "http://" + f.ports["sandbox"] + "/",
	}[part]
	require.Eventually(f.t, func() bool { return get(context.Background(), url) == nil }, patience, 50*time.Millisecond,
		"%s does not answer", part)
}

// kill ends a part without a warning, like a power cut.
func (f *fleet) kill(part string) {
	if cmd := f.running[part]; cmd != nil && cmd.Process.Kill() == nil {
		require.Error(f.whole, cmd.Wait(), "it was killed")
		f.running[part] = nil
	}
}

func (f *fleet) startTemporal() {
	f.t.Helper()
	_, port, err := net.SplitHostPort(f.ports["temporal"])
	require.NoError(f.t, err)
	f.temporal = piroguetest.StartTemporal(f.whole, append([]string{"-port", port, "-ui-port", "0"}, f.storage...)...)
}

// customer returns the merchant's client of this fleet.
func (f *fleet) customer() merchant {
	return merchant{"http://" + f.ports["api"] + "/api/v1", f.account}
}

// expectOnce requires that each payment ends SUCCESS, that its merchant gets one webhook, and
// that both books agree.
func (f *fleet) expectOnce(ids []string) {
	f.t.Helper()
	for _, id := range ids {
		f.customer().until(f.t, id, "SUCCESS", 2*time.Minute)
	}
	for _, id := range ids {
		require.Eventually(f.t, func() bool { return len(f.webhooks(id)) > 0 }, patience, 100*time.Millisecond)
	}
	for _, id := range ids {
		require.Equal(f.t, []string{"SUCCESS"}, f.webhooks(id), "payment %s", id)
	}
	f.settled()
}
