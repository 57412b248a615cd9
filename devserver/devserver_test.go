package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"
)

// asDevserver makes the test binary behave as the command, so that a test can kill it.
const asDevserver = "DEVSERVER_TEST_RUN_COMMAND"

// patience bounds everything a test waits for; a busy laptop is slow.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(asDevserver) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestAWorkflowOutlivesAKilledServer(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "temporal.db")
	first := start(t, "--db", file, "--port", "0", "--ui-port", "0")
	run := startPayment(t, first.client(t), ourAttributes()...)
	first.kill(t)

	second := start(t, "--db", file, "--port", "0", "--ui-port", "0")
	c := second.client(t)
	work(t, c)
	if err := c.SignalWorkflow(t.Context(), run.GetID(), run.GetRunID(), "paid", "yes"); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := c.GetWorkflow(t.Context(), run.GetID(), run.GetRunID()).Get(t.Context(), &got); err != nil || got != "yes" {
		t.Fatalf("the workflow started before the kill answered %q, %v", got, err)
	}
	found := eventuallyFound(t, c, `PaymentKind = "cashin" AND NeedsAttention = true AND ExecutionStatus = "Completed"`)
	if found != run.GetID() {
		t.Fatalf("search attributes led to %q, want %q", found, run.GetID())
	}
	second.stop(t)
}

func TestAnOlderFileGetsNewSearchAttributes(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "temporal.db")
	start(t, "--db", file, "--port", "0", "--ui-port", "0").stop(t)

	again := start(t, "--db", file, "--port", "0", "--ui-port", "0", "--search-attribute", "Batch=Int")
	startPayment(t, again.client(t), temporal.NewSearchAttributeKeyInt64("Batch").ValueSet(7))
	again.stop(t)

	message := mustFail(t, "--db", file, "--port", "0", "--ui-port", "0", "--search-attribute", "Batch=Bool")
	if !strings.Contains(message, "search attribute Batch is Int in this database, not Bool") {
		t.Fatalf("another type was refused with: %s", message)
	}
}

func TestOnlyOneServerHasAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "temporal.db")
	start(t, "--db", file, "--port", "0", "--ui-port", "0")
	message := mustFail(t, "--db", file, "--port", "0", "--ui-port", "0")
	if !strings.Contains(message, "another devserver uses this database") {
		t.Fatalf("a second server on the same file was refused with: %s", message)
	}
}

func TestATakenPortIsNamed(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	number := strconv.Itoa(port(taken.Addr().String()))
	for flagName, args := range map[string][]string{
		"--port":    {"--port", number, "--ui-port", "0"},
		"--ui-port": {"--port", "0", "--ui-port", number},
	} {
		message := mustFail(t, args...)
		if !strings.Contains(message, "port "+number+" is not free, choose another with "+flagName) {
			t.Errorf("%v was refused with: %s", args, message)
		}
	}
}

func TestTheWebUIOffersNothingThatMovesMoneyTwice(t *testing.T) {
	t.Parallel()
	s := start(t, "--port", "0", "--ui-port", freePort(t), "--codec-endpoint", "http://127.0.0.1:1/codec")
	resp, err := http.Get(s.UI + "/api/v1/settings")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var settings struct {
		WorkflowResetDisabled, WorkflowTerminateDisabled, WorkflowCancelDisabled, WorkflowPauseDisabled,
		WorkflowSignalDisabled, WorkflowUpdateDisabled, StartWorkflowDisabled, BatchActionsDisabled,
		ActivityCommandsDisabled bool
		Codec struct{ Endpoint string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&settings); err != nil {
		t.Fatal(err)
	}
	for what, off := range map[string]bool{
		"reset": settings.WorkflowResetDisabled, "terminate": settings.WorkflowTerminateDisabled,
		"cancel": settings.WorkflowCancelDisabled, "pause": settings.WorkflowPauseDisabled,
		"signal": settings.WorkflowSignalDisabled, "update": settings.WorkflowUpdateDisabled,
		"start": settings.StartWorkflowDisabled, "batch": settings.BatchActionsDisabled,
	} {
		if !off {
			t.Errorf("the Web UI offers %s", what)
		}
	}
	if settings.ActivityCommandsDisabled {
		t.Error("support cannot retry an activity")
	}
	if settings.Codec.Endpoint != "http://127.0.0.1:1/codec" {
		t.Errorf("payloads are decoded by %q", settings.Codec.Endpoint)
	}
}

func TestAMonthPassesInSecondsWhenTimeIsSkipped(t *testing.T) {
	t.Parallel()
	s := start(t, "--port", "0", "--ui-port", "0")
	c := s.client(t, grpc.WithUnaryInterceptor(skipTime))
	work(t, c)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: queue}, sleepAMonth)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Get(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

func TestItLeavesWithItsParent(t *testing.T) {
	t.Parallel()
	readyFile := filepath.Join(t.TempDir(), "ready.json")
	parent := exec.Command("sh", "-c", `"$0" "$@" & wait`,
		os.Args[0], "--exit-with-parent", "--port", "0", "--ui-port", "0", "--ready-file", readyFile)
	parent.Env = append(os.Environ(), asDevserver+"=1")
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	within(t, "a ready file", func() bool { _, err := os.Stat(readyFile); return err == nil })
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	wantKilled(t, parent.Wait())
	within(t, "the end of the orphan", func() bool {
		_, err := os.Stat(readyFile)
		return errors.Is(err,
			os.ErrNotExist)
	})
}

func TestCommandLineMistakes(t *testing.T) {
	t.Parallel()
	for mistake, args := range map[string][]string{
		"nothing here is authenticated": {"--ip", "0.0.0.0"},
		"at least 24h":                  {"--retention", "1h"},
		"want Name=Type":                {"--search-attribute", "Batch=Number"},
		"must be one of debug":          {"--log-level", "loud"},
		"unexpected argument":           {"start"},
		"must not be empty":             {"--namespace", ""},
		"choose one":                    {"--db", "file", "--postgres", "postgres://u@h"},
		"want postgres://USER":          {"--postgres", "mysql://u@h"},
	} {
		if _, err := parse(args, io.Discard); err == nil || !strings.Contains(err.Error(), mistake) {
			t.Errorf("%v: got %v, want %q", args, err, mistake)
		}
	}
}

// process is a running devserver process.
type process struct {
	ready
	cmd *exec.Cmd
}

// start runs the command and waits until it is ready. The test's end kills it.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	s := &process{cmd: command(t.Context(), args...)}
	s.cmd.Stderr = os.Stderr
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil { // nobody waited for it yet
			s.kill(t)
		}
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatalf("devserver %v ended before it was ready: %v", args, err)
	}
	if err := json.Unmarshal(line, &s.ready); err != nil {
		t.Fatalf("devserver said %q: %v", line, err)
	}
	return s
}

// command is the devserver's; it ends with ctx, whatever a test forgets.
func command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asDevserver+"=1")
	return cmd
}

// mustFail runs the command to its end and answers what it said.
func mustFail(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := command(ctx, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	var failed *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &failed) {
		t.Fatalf("devserver %v ended with %v", args, err)
	}
	return stderr.String()
}

func (s *process) kill(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	wantKilled(t, s.cmd.Wait())
}

func wantKilled(t *testing.T, ended error) {
	t.Helper()
	var how *exec.ExitError
	if !errors.As(ended, &how) {
		t.Fatalf("a killed process ended with %v", ended)
	}
}

// stop ends the server as a terminal does, and wants a clean end.
func (s *process) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Fatalf("a clean stop ended with %v", err)
	}
}

func (s *process) client(t *testing.T, dial ...grpc.DialOption) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{
		HostPort:          s.Frontend,
		Logger:            sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{DialOptions: dial},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

const queue = "payments"

// waitForPayment is open until somebody says how it ended.
func waitForPayment(ctx workflow.Context) (how string, err error) {
	workflow.GetSignalChannel(ctx, "paid").Receive(ctx, &how)
	return how, nil
}

func sleepAMonth(ctx workflow.Context) error { return workflow.Sleep(ctx, 31*24*time.Hour) }

func work(t *testing.T, c client.Client) {
	t.Helper()
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(waitForPayment)
	w.RegisterWorkflow(sleepAMonth)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
}

// startPayment starts a workflow at the first try, whatever the server was doing before.
func startPayment(t *testing.T, c client.Client, set ...temporal.SearchAttributeUpdate) client.WorkflowRun {
	t.Helper()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		TaskQueue: queue, TypedSearchAttributes: temporal.NewSearchAttributes(set...),
	}, waitForPayment)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func ourAttributes() []temporal.SearchAttributeUpdate {
	keyword := temporal.NewSearchAttributeKeyKeyword
	return []temporal.SearchAttributeUpdate{
		keyword("PaymentKind").ValueSet("cashin"),
		keyword("PaymentStatus").ValueSet("PENDING"),
		keyword("Operator").ValueSet("orange-web-ml"),
		keyword("MerchantId").ValueSet("m1"),
		keyword("Country").ValueSet("ML"),
		temporal.NewSearchAttributeKeyBool("NeedsAttention").ValueSet(true),
	}
}

// eventuallyFound answers the ID of the workflow a query leads to; lists lag behind.
func eventuallyFound(t *testing.T, c client.Client, query string) (id string) {
	t.Helper()
	within(t, "a workflow with "+query, func() bool {
		list, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: query})
		if err != nil {
			t.Fatal(err)
		}
		if len(list.GetExecutions()) == 0 {
			return false
		}
		id = list.GetExecutions()[0].GetExecution().GetWorkflowId()
		return true
	})
	return id
}

// skipTime asks the server to skip timers; the SDK has no option for it yet.
func skipTime( //nolint:revive // gRPC says what an interceptor is given
	ctx context.Context, method string, req, reply any,
	conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	if start, ok := req.(*workflowservice.StartWorkflowExecutionRequest); ok {
		start.TimeSkippingConfig = &commonpb.TimeSkippingConfig{Enabled: true}
	}
	return invoke(ctx, method, req, reply, conn, opts...)
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(port(l.Addr().String()))
}

func within(t *testing.T, what string, there func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !there() {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s for %s", patience, what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
