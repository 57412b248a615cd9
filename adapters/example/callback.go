package example

import (
	"net/http"

	"pirogue"
	"pirogue/operator"
)

// Callback implements operator.CallbackReader.
func (o adapter) Callback(a pirogue.Attempt, header http.Header, body []byte) (operator.OperatorResult, error) {
	return o.ReadCallback(a, header, body, o.reader(a.Ref))
}
