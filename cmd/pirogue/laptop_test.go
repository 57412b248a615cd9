package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/piroguetest"
)

// laptop is pirogue dev as a newcomer starts it.
type laptop struct {
	t       *testing.T
	data    string
	sandbox string // its address
	env     []string
	cmd     *exec.Cmd
	out     string // the file that replaces its terminal
}

func newLaptop(t *testing.T) *laptop {
	t.Helper()
	addrs := freePorts(t, 6)
	folder := t.TempDir()
	l := &laptop{
		t: t, sandbox: addrs[2], data: filepath.Join(folder, ".pirogue"),
		out: filepath.Join(folder, "terminal"),
	}
	l.env = append(os.Environ(),
		"PIROGUE_API_ADDR="+addrs[0], "PIROGUE_ADMIN_ADDR="+addrs[1], "PIROGUE_SANDBOX_ADDR="+addrs[2],
		"PIROGUE_SUPPORT_ADDR="+addrs[5],
		"PIROGUE_TEMPORAL_PORT="+portOf(addrs[3]), "PIROGUE_TEMPORAL_UI_PORT="+portOf(addrs[4]),
		"PIROGUE_DATA_DIR="+l.data,
		"PIROGUE_DEVSERVER="+filepath.Join(piroguetest.Root(t), "bin", "devserver"))
	return l
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr) //nolint:errcheck // an address that a listener had
	return port
}

// start runs pirogue dev until it prints that everything is ready. It returns the merchant of its
// environment file.
func (l *laptop) start() merchant {
	l.t.Helper()
	path, err := binary()
	require.NoError(l.t, err)
	l.cmd = exec.Command(path, "dev")
	terminal, err := os.Create(l.out)
	require.NoError(l.t, err)
	defer terminal.Close()
	l.cmd.Env, l.cmd.Stdout, l.cmd.Stderr = l.env, terminal, os.Stderr
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(l.t, l.cmd.Start())
	l.t.Cleanup(func() { l.cmd.Process.Kill() }) //nolint:errcheck // it may have ended already

	file := filepath.Join(l.data, "dev.env")
	require.Eventually(l.t, func() bool { _, err := os.Stat(file); return err == nil }, patience, 50*time.Millisecond)
	raw, err := os.ReadFile(file)
	require.NoError(l.t, err)
	vars := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		name, value, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "export ")), "=")
		vars[name] = value
	}
	for _, name := range []string{
		"NEKAPAY_MERCHANT_ID", "PIROGUE_TEMPORAL_UI", "PIROGUE_ADMIN_URL", "PIROGUE_SUPPORT_URL",
		"PIROGUE_SUPPORT_TOKEN",
	} {
		require.NotEmpty(l.t, vars[name], name)
	}
	return merchant{vars["NEKAPAY_BASE_URL"], devAccount{
		Key:    vars["NEKAPAY_API_KEY"],
		Secret: vars["NEKAPAY_API_SECRET"],
	}}
}

// stop presses Ctrl-C and waits.
func (l *laptop) stop() {
	l.t.Helper()
	require.NoError(l.t, l.cmd.Process.Signal(os.Interrupt))
	require.NoError(l.t, l.cmd.Wait())
}

func TestALaptopTakesAPaymentAndFindsItAgain(t *testing.T) {
	t.Parallel()

	l := newLaptop(t)
	first := l.start()
	got := first.pay(t, order("+22376123456"))
	require.Equal(t, 202, got.Status, got.Raw)
	first.until(t, got.Data.ID, "SUCCESS", patience)
	pending := first.pay(t, order("+22376444444"))
	l.stop()
	require.NoFileExists(t, filepath.Join(l.data, "dev.env"), "it is there only while everything answers")

	second := l.start()
	require.Equal(t, first.account, second.account)
	second.until(t, got.Data.ID, "SUCCESS", patience)
	second.until(t, pending.Data.ID, "SUCCESS", 2*patience)
	l.stop()
}

// An upgrade of Temporal begins another file: the workflows of open payments start again.
func TestALaptopGoesOnWithoutTemporalsFile(t *testing.T) {
	t.Parallel()

	l := newLaptop(t)
	pending := l.start().pay(t, order("+22376444444"))
	require.Equal(t, 202, pending.Status, pending.Raw)
	l.stop()
	files, err := filepath.Glob(filepath.Join(l.data, "temporal-*.db*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		require.NoError(t, os.Remove(file))
	}
	l.start().until(t, pending.Data.ID, "SUCCESS", found)
	l.stop()
}

func TestTheCurlThatIsPrintedTakesAPayment(t *testing.T) {
	t.Parallel()

	l := newLaptop(t)
	l.start()
	var curl string
	printed, err := os.ReadFile(l.out)
	require.NoError(t, err)
	for line := range strings.Lines(string(printed)) {
		if strings.HasPrefix(line, "curl ") {
			curl = line
		}
	}
	out, err := exec.Command("sh", "-c", curl).Output()
	require.NoError(t, err, curl)
	require.Contains(t, string(out), `"payment_url":"http`)
	l.stop()
}

func TestATakenPortIsNamedWithItsSetting(t *testing.T) {
	t.Parallel()

	l := newLaptop(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taken.Close()) })
	path, err := binary()
	require.NoError(t, err)
	for _, setting := range []string{
		"PIROGUE_API_ADDR=" + taken.Addr().String(), "PIROGUE_TEMPORAL_PORT=" + portOf(taken.Addr().String()),
	} {
		cmd := exec.Command(path, "dev")
		cmd.Env = append(l.env, setting)
		out, err := cmd.CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(out), strings.Split(setting, "=")[0])
		require.Contains(t, string(out), taken.Addr().String())
	}
}
