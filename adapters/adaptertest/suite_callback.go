package adaptertest

import (
	"testing"

	"pirogue"
	"pirogue/operator"
)

// runCallback runs the rows for every operator that sends callbacks. An operator that
// signs the body may return SignatureInvalid for a body that is not JSON. Either error
// rejects the callback.
func (s Suite) runCallback(t *testing.T) {
	t.Helper()
	adapter := s.open(t, "http://127.0.0.1", patient)
	reader, ok := adapter.(operator.CallbackReader)
	if !ok {
		return
	}
	bodies := map[string]string{"nothing": "", "a page": "<html></html>", "half a JSON": `{"status":`, "a list": "[]"}
	for name, body := range bodies {
		t.Run("says "+name, func(t *testing.T) {
			want := pirogue.InvalidJSON
			if adapter.Capability().Proof == operator.ProofSignature {
				want = pirogue.SignatureInvalid
			}
			got, err := reader.Callback(s.attempt(), s.Header, []byte(body))
			s.check(t, Case{Code: want}, got, err)
		})
	}
	if adapter.Capability().Proof == operator.ProofNone {
		return
	}
	forgeries := map[string][]byte{"an empty object": []byte("{}"), "a wrong proof": s.file(t, s.Forged)}
	for name, body := range forgeries {
		t.Run("is forged with "+name, func(t *testing.T) {
			got, err := reader.Callback(s.attempt(), nil, body)
			s.check(t, Case{Code: pirogue.SignatureInvalid}, got, err)
		})
	}
}
