package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	readyWithin = 30 * time.Second      // on a slow laptop under load
	readyPoll   = 20 * time.Millisecond // between two looks
)

// prepare waits until Temporal answers for the namespace and adds the search attributes an
// older file lacks.
func prepare(ctx context.Context, o options, addr addresses) error {
	conn, err := grpc.NewClient(addr.frontend, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("reach Temporal: %w", err)
	}
	defer conn.Close()

	frontend := workflowservice.NewWorkflowServiceClient(conn)
	err = eventually(ctx, func() error {
		_, err := frontend.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: o.namespace})
		return err
	})
	if err != nil {
		return fmt.Errorf("namespace %s does not answer: %w", o.namespace, err)
	}
	return addAttributes(ctx, operatorservice.NewOperatorServiceClient(conn), o)
}

// addAttributes registers the search attributes that a namespace made earlier lacks, and
// returns when workflows may use them.
func addAttributes(ctx context.Context, operator operatorservice.OperatorServiceClient, o options) error {
	missing, err := missingAttributes(ctx, operator, o)
	if err != nil || len(missing) == 0 {
		return err
	}
	_, err = operator.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: o.namespace, SearchAttributes: missing,
	})
	if err != nil {
		return fmt.Errorf("add search attributes: %w", err)
	}
	select { // every service reads namespaces anew within this time
	case <-time.After(2 * namespaceRefresh):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// missingAttributes answers what is wanted but not there. One of another type is an error:
// Temporal cannot change it, and workflows would fail on it one by one.
func missingAttributes(
	ctx context.Context, operator operatorservice.OperatorServiceClient, o options,
) (map[string]enumspb.IndexedValueType, error) {
	there, err := operator.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: o.namespace})
	if err != nil {
		return nil, fmt.Errorf("list search attributes: %w", err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	for name, want := range o.attributes {
		got, found := there.CustomAttributes[name]
		switch {
		case !found:
			missing[name] = want
		case got != want:
			return nil, fmt.Errorf("search attribute %s is %s in this database, not %s", name, got, want)
		}
	}
	return missing, nil
}

// ready is the line a caller waits for.
type ready struct {
	Frontend string `json:"frontend"`     // host:port
	UI       string `json:"ui,omitempty"` // URL
}

// announce says where to connect, once everything answers.
func announce(ctx context.Context, o options, addr addresses, stdout io.Writer) error {
	r := ready{Frontend: addr.frontend}
	if addr.ui != "" {
		r.UI = "http://" + addr.ui
		if err := eventually(ctx, func() error { return healthy(ctx, r.UI+"/healthz") }); err != nil {
			return fmt.Errorf("the Web UI does not answer: %w", err)
		}
	}
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("say where to connect: %w", err)
	}
	line = append(line, '\n')
	if o.readyFile != "" {
		if err := writeWhole(o.readyFile, line); err != nil {
			return fmt.Errorf("write the ready file: %w", err)
		}
	}
	if _, err := stdout.Write(line); err != nil {
		return fmt.Errorf("say where to connect: %w", err)
	}
	return nil
}

// forget removes the ready file, for it speaks of a server that is not there.
func forget(readyFile string) error {
	if readyFile == "" {
		return nil
	}
	if err := os.Remove(readyFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the ready file of an earlier run: %w", err)
	}
	return nil
}

// writeWhole replaces a file at once: a reader sees all of it or nothing.
func writeWhole(path string, content []byte) error {
	draft := path + ".new"
	if err := os.WriteFile(draft, content, 0o600); err != nil {
		return err
	}
	return os.Rename(draft, path)
}

// healthy asks for a URL and wants any good answer.
func healthy(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}

// eventually repeats try until it succeeds or ctx ends, which must have a deadline. It
// answers the last error of try.
func eventually(ctx context.Context, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(readyPoll):
		}
	}
}
