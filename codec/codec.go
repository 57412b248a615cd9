// Package codec encrypts the payloads that Temporal stores: inputs, results, failure
// messages and summaries. The history holds them as AES-256-GCM under the vault's ring.
//
// Whoever reads Temporal's database therefore learns no telephone number, no token and no
// operator message.
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

// codec implements converter.PayloadCodec. It panics if a key is missing or a payload was
// changed. A returned error would fail the workflow for good; a panic blocks it only until
// the key is back.
type codec struct {
	ring     *vault.Ring
	unsealed Unsealed
}

// Unsealed decides whether a payload without encryption is refused or read.
type Unsealed bool

// The choices for a payload without encryption. Anyone who can write to Temporal can send
// one. Only a development machine without live keys may read them.
const (
	RefuseUnsealed Unsealed = false
	ReadUnsealed   Unsealed = true
)

// errUnsealed is returned for a refused payload. Temporal rejects the Update or query that
// carries one. A signal of ours carries no payload that the workflow reads.
var errUnsealed = errors.New("the payload is not sealed by Pirogue's keys: it is refused")

// Converter returns the data converter that encrypts payloads under ring. It goes into the
// Temporal client's options.
func Converter(ring *vault.Ring, u Unsealed) converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), codec{ring, u})
}

// Failures returns the failure converter that encrypts error messages and stack traces.
// They may quote operators, whose messages can hold personal data.
func Failures(ring *vault.Ring, u Unsealed) converter.FailureConverter {
	return temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter: Converter(ring, u), EncodeCommonAttributes: true,
	})
}

// Handler serves the Temporal Web UI's requests to decrypt payloads, for the page at origin
// only. It checks no caller: bind it to loopback, or anybody reads every payload.
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

// Encode implements converter.PayloadCodec. It encrypts every payload under the ring's
// current key.
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

// Decode implements converter.PayloadCodec. It refuses a payload without encryption, or
// returns it as it is, according to Unsealed.
func (c codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	plain := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		// Not sealed by us: see Unsealed.
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
