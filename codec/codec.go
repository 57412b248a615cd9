// Package codec seals what Temporal stores: inputs, results, failure messages and
// summaries stand in its history as AES-256-GCM under the vault's ring.
package codec

import (
	"errors"
	"net/http"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"

	"pirogue/vault"
)

const (
	purpose  vault.Purpose = "temporal-payload"
	encoding string        = "binary/sealed" // the metadata that marks a sealed payload
)

// codec implements converter.PayloadCodec. A key that is missing, or a payload that
// was changed, panics: a codec that returned an error would fail the workflow for
// ever, while a panic only blocks it until the key is back.
type codec struct {
	ring     *vault.Ring
	unsealed Unsealed
}

// Unsealed says what becomes of a payload that was never sealed.
type Unsealed bool

// What becomes of an unsealed payload. Whoever can write to Temporal can send one, so only a
// development machine without live keys reads them.
const (
	RefuseUnsealed Unsealed = false
	ReadUnsealed   Unsealed = true
)

// errUnsealed holds what reading a refused payload fails with: the Update or query that carries
// one is rejected, and a signal of ours carries nothing that is read.
var errUnsealed = errors.New("the payload is not sealed by Pirogue's keys: it is refused")

// Converter returns the data converter that seals payloads.
func Converter(ring *vault.Ring, u Unsealed) converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), codec{ring, u})
}

// Failures returns the failure converter that seals error messages and stack
// traces, which quote operators.
func Failures(ring *vault.Ring, u Unsealed) converter.FailureConverter {
	return temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter: Converter(ring, u), EncodeCommonAttributes: true,
	})
}

// Handler serves the Web UI's request to read payloads, from the page at origin
// only. Whoever can call it can read every payload: bind it to loopback.
func Handler(ring *vault.Ring, origin string) http.Handler {
	decode := converter.NewPayloadCodecHTTPHandler(codec{ring, ReadUnsealed})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Headers", "Authorization,Content-Type,X-Namespace")
		w.Header().Set("Access-Control-Allow-Methods", "POST")
		w.Header().Set("Vary", "Origin")
		if r.Method == http.MethodOptions {
			return
		}
		decode.ServeHTTP(w, r)
	})
}

// Encode implements converter.PayloadCodec.
func (c codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	sealed := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := proto.Marshal(p)
		if err != nil {
			panic(err)
		}
		text, err := c.ring.Seal(purpose, plain)
		if err != nil {
			panic(err)
		}
		sealed[i] = &commonpb.Payload{
			Metadata: map[string][]byte{converter.MetadataEncoding: []byte(encoding)}, Data: []byte(text),
		}
	}
	return sealed, nil
}

// Decode implements converter.PayloadCodec. What was never sealed is refused, or left alone.
func (c codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	plain := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if string(p.GetMetadata()[converter.MetadataEncoding]) != encoding {
			if c.unsealed == RefuseUnsealed {
				return nil, errUnsealed
			}
			plain[i] = p
			continue
		}
		raw, err := c.ring.Open(purpose, string(p.GetData()))
		if err != nil {
			panic(err)
		}
		plain[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(raw, plain[i]); err != nil {
			panic(err)
		}
	}
	return plain, nil
}
