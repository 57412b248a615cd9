package example

import (
	"context"
	"net/url"

	"pirogue"
	"pirogue/operator"
)

// Status implements operator.StatusReader.
func (o adapter) Status(ctx context.Context, q operator.StatusQuery) (operator.OperatorResult, error) {
	return o.QueryStatus(ctx, "/payments/"+url.PathEscape(string(q.Ref)), pirogue.OutcomeAbsent, o.reader(q.Ref))
}
