package example

import (
	"context"
	"net/url"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// Status implements operator.StatusReader.
func (o adapter) Status(ctx context.Context, q operator.StatusQuery) (operator.OperatorResult, error) {
	call := client.StatusCall{Path: "/payments/" + url.PathEscape(string(q.Ref)), Missing: pirogue.OutcomeAbsent}
	return o.QueryStatus(ctx, call, o.reader(q.Ref))
}
