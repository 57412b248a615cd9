package outbound

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"time"

	"pirogue"
	"pirogue/config"
	"pirogue/operator"
)

// The differences from an order besides the amount: values of Receipt.Mismatch.
const (
	MismatchCurrency     = "currency"
	MismatchCounterparty = "counterparty"
)

// StatusTable maps every status word of an operator's documents to its outcome. Any other
// word is Unknown, never a guess.
type StatusTable map[string]pirogue.Outcome

// Outcome returns the outcome of a word. It returns Unknown for a word that is not in the
// vocabulary; member names the JSON field in the error.
func (v StatusTable) Outcome(member, word string) (pirogue.Outcome, error) {
	outcome, ok := v[word]
	if !ok {
		return "", pirogue.Errorf(operator.Unknown, "%s %q is in no document of the operator", member, Redact(word))
	}
	return outcome, nil
}

// Spec describes an operator by its documents: words, limits, credentials and proofs.
type Spec struct {
	Name string // for people
	// Promised is the capability without three parts: the limits, the time-out and the proof
	// of callbacks. Terms holds the limits, and Proof decides the proof.
	Promised    operator.Capability
	Limits      Limits         // empty fields come from the instance
	Credentials Credentials    // nil where instances of one operator differ
	Proof       CallbackSecret // of its callbacks, where it is a credential of ours
	StatusTable StatusTable
	StatusCodes map[int]pirogue.Code // HTTP statuses that decide, whatever the body holds
	// ErrorTable maps the error words under other 4xx statuses to codes. A word not listed is
	// Unknown, and so is every word under 5xx. Leaving overrides Problems where money leaves
	// us: an insufficient balance is then ours, not the customer's.
	ErrorTable, CashOutErrorTable map[string]pirogue.Code
	// NotFoundErrors lists the error words that, with 404, mean that the operator does not know the
	// order.
	NotFoundErrors map[string]bool
	// ReadError returns the error word of a response and the operator's text. Both are "" for a
	// page of some proxy on the way, which does not speak for the operator.
	ReadError func(Response) (word, said string)
	Private   *regexp.Regexp // text to remove besides what Words removes; may be nil
}

// JSONErrors returns the Problem of a Guide whose errors are JSON of type T. Any other body
// yields "", because it does not come from the operator.
func JSONErrors[T any](problem func(status int, said T) (word, words string)) func(Response) (word, said string) {
	return func(a Response) (word, said string) {
		var got T
		if err := json.Unmarshal(a.Body, &got); err != nil {
			return "", ""
		}
		return problem(a.Status, got)
	}
}

// CallbackSecret describes the header by which a callback proves its origin: a secret that only the
// operator and we know.
type CallbackSecret struct{ Header, Scheme, Credential string } // Scheme precedes the secret, such as "Basic "

// ErrorCode returns the error code for a response that is not good. kind is the payment whose
// money the call was to move. "" marks a call that moves none, such as a status call. The
// refusal of such a call tells nothing about the money, so it is Unknown.
func (g *Spec) ErrorCode(status int, word string, kind pirogue.PaymentKind) pirogue.Code {
	if class, listed := g.StatusCodes[status]; listed {
		return class
	}
	class, listed := g.ErrorTable[word]
	switch ours := g.CashOutErrorTable[word]; {
	case !listed, status < http.StatusBadRequest, status >= http.StatusInternalServerError:
		// A refusal needs a documented word under a 4xx. A server that fails may have executed
		// the order.
		return operator.Unknown
	case class != operator.Refused && class != operator.Unable:
		return class
	case kind == "":
		// The refusal of a status call refuses no payment.
		return operator.Unknown
	case kind.MoneyOut():
		return cmp.Or(ours, class)
	default:
		return class
	}
}

// Connection is the connection of one instance to its operator: documents, limits, client and
// credentials.
type Connection struct {
	*Spec
	Limits Limits // of the instance
	Client *Client
	Sender interface { // a Client, or its Tokens
		Send(ctx context.Context, r Request) (Response, error)
	}
	Secrets func() []string // values that no stored text may contain

	credentials map[string]string
}

// Open returns the line of an instance. If the configuration breaks the guide, it returns
// one error with every mistake, those of the adapter included. header goes with every
// request; it may be nil.
func (g *Spec) Open(conf config.Operator, header map[string]string, mistakes ...error) (Connection, error) {
	if g.Credentials != nil {
		mistakes = append(mistakes, g.Credentials.Check(conf.Credentials)...)
	}
	if g.Limits.Country != "" {
		mistakes = append(mistakes, g.Limits.Check(conf.Country, conf.Currency)...)
	}
	client, err := New(Options{
		Name: string(conf.Code), BaseURL: conf.BaseURL, Plain: conf.Simulator, Header: header,
		Timeout: conf.Timeout.Or(config.DefaultTimeout),
	}, mistakes...)
	if err != nil {
		return Connection{}, err
	}
	terms := g.Limits
	terms.Country, terms.Currency = conf.Country, conf.Currency
	secrets := slices.Collect(maps.Values(conf.Credentials))
	return Connection{
		Spec: g, Limits: terms, Client: client, Sender: client, Secrets: func() []string { return secrets },
		credentials: conf.Credentials,
	}, nil
}

// horizon is the finality window where no document states when a result is final. We look
// for a late success that long.
const horizon = 24 * time.Hour

// Capability implements pirogue.Operator. It completes the guide's promises by the
// instance's limits, time-out and proof.
func (l *Connection) Capability() operator.Capability {
	c := l.Promised
	c.CashIn, c.CashOut, c.CallTimeout = l.Limits.CashIn, l.Limits.CashOut, l.Client.timeout
	c.FinalityWindow = cmp.Or(c.FinalityWindow, horizon)
	if l.credentials[l.Proof.Credential] != "" {
		c.Proof = operator.ProofToken
	}
	return c
}

// WithTimeout bounds an operation of several calls by the time-out of one call. Its caller does
// not wait longer than that.
func (l *Connection) WithTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, l.Client.timeout)
}

// Redact returns the operator's text without the instance's secrets, ready to be stored.
func (l *Connection) Redact(said string, secrets ...string) string {
	secrets = append(slices.Clone(secrets), l.Secrets()...)
	if l.Private != nil {
		secrets = append(secrets, l.Private.FindAllString(said, -1)...)
	}
	return Redact(said, secrets...)
}

// Submit makes a call that may move money. It returns the response also beside an error,
// because the response may name the operator's transaction. secrets are values of the call
// that the operator might repeat.
func (l *Connection) Submit(ctx context.Context, req Request, kind pirogue.PaymentKind, secrets ...string) (Response, error) {
	answer, err := l.Sender.Send(ctx, req)
	if err == nil && !answer.OK() {
		err = l.ErrorFrom(answer, kind, secrets...)
	}
	return answer, err
}

// Ask makes a call that moves no money. Its errors are NotSent and Unknown.
func (l *Connection) Ask(ctx context.Context, req Request, secrets ...string) (Response, error) {
	return l.Submit(ctx, req, "", secrets...)
}

// SubmitJSON calls Order with a JSON body.
func (l *Connection) SubmitJSON(
	ctx context.Context, path string, body any, kind pirogue.PaymentKind, secrets ...string,
) (Response, error) {
	req, err := PostJSON(path, body)
	if err != nil {
		return Response{}, err
	}
	return l.Submit(ctx, req, kind, secrets...)
}

// QueryStatus reads the status of an order. missing is the outcome when the operator does not know
// the order. It is "" for an order that the operator has named before: such an order cannot
// be absent.
func (l *Connection) QueryStatus(
	ctx context.Context, path string, missing pirogue.Outcome, read func(body []byte) (operator.OperatorResult, error),
) (operator.OperatorResult, error) {
	answer, err := l.Ask(ctx, Get(path, nil))
	if err == nil {
		return answered(answer.Body, read)
	}
	// Only a documented word proves an absence: a 404 of a proxy has none.
	if answer.Status == http.StatusNotFound && missing != "" {
		if word, _ := l.ReadError(answer); l.NotFoundErrors[word] {
			return operator.OperatorResult{Outcome: missing, Message: l.Name + " knows none of this reference"}, nil
		}
	}
	return operator.OperatorResult{}, err
}

// ErrorFrom returns the error for a response that is not good. The guide decides its code.
func (l *Connection) ErrorFrom(a Response, kind pirogue.PaymentKind, secrets ...string) error {
	word, _ := l.ReadError(a)
	return l.Errorf(l.ErrorCode(a.Status, word, kind), a, secrets...)
}

// Errorf returns an error with the given code and the operator's text.
func (l *Connection) Errorf(class pirogue.Code, a Response, secrets ...string) error {
	_, said := l.ReadError(a)
	if said == "" {
		return pirogue.Errorf(class, "%s answered %d: not a body of its own", l.Name, a.Status)
	}
	return pirogue.Errorf(class, "%s answered %d: %s", l.Name, a.Status, l.Redact(said, secrets...))
}

// ReadResult returns the operator result of a response to Order or Ask. On an Unknown error it
// keeps the transaction ID and handle that read finds. A status call can use them.
func (l *Connection) ReadResult(a Response, err error, read func(body []byte) (operator.OperatorResult, error)) (operator.OperatorResult, error) {
	if err == nil {
		return answered(a.Body, read)
	}
	if pirogue.CodeOf(err) != operator.Unknown {
		return operator.OperatorResult{}, err
	}
	named, _ := read(a.Body) //nolint:errcheck // err is what is reported; the name is all that is wanted
	return operator.OperatorResult{ProviderTxID: named.ProviderTxID, Handle: named.Handle}, err
}

// VerifyCallback returns SignatureInvalid for a callback without the guide's proof. An instance
// without the secret accepts every callback.
func (l *Connection) VerifyCallback(header http.Header) error {
	secret := l.credentials[l.Proof.Credential]
	if secret == "" || Same(header.Get(l.Proof.Header), l.Proof.Scheme+secret) {
		return nil
	}
	return pirogue.Errorf(pirogue.SignatureInvalid, "the secret of a callback of %s is missing or not ours", l.Name)
}

// ReadCallback reads a callback that is Proven. It returns Unknown if the callback names another
// order than the attempt's handle.
func (l *Connection) ReadCallback(
	a pirogue.Attempt, header http.Header, body []byte, read func(body []byte) (operator.OperatorResult, error),
) (operator.OperatorResult, error) {
	if err := l.VerifyCallback(header); err != nil {
		return operator.OperatorResult{}, err
	}
	receipt, err := read(body)
	// A callback must not decide another attempt than the one it was sent to.
	for key, name := range receipt.Handle {
		if known := a.Handle[key]; known != "" && known != name {
			return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "a callback about another order than %s", a.Ref)
		}
	}
	return receipt, err
}

// JSON returns a function that reads a JSON body as a T. The function returns InvalidJSON
// for any other body. In a response, answered turns that into Unknown.
func JSON[T any](read func(said T) (operator.OperatorResult, error)) func(body []byte) (operator.OperatorResult, error) {
	return func(body []byte) (operator.OperatorResult, error) {
		var got T
		if err := json.Unmarshal(body, &got); err != nil {
			return operator.OperatorResult{}, pirogue.Errorf(pirogue.InvalidJSON, "not the JSON of the operator's documents")
		}
		return read(got)
	}
}

// answered reads the body of a response. A body that is not JSON is Unknown, because the
// operator may have executed the order.
func answered(body []byte, read func(body []byte) (operator.OperatorResult, error)) (operator.OperatorResult, error) {
	receipt, err := read(body)
	if pirogue.CodeOf(err) == pirogue.InvalidJSON {
		err = pirogue.Errorf(operator.Unknown, "%w", err)
	}
	return receipt, err
}

// StatusFields is an operator's statement about one order, in its own words. "" marks a field that
// it leaves out.
type StatusFields struct {
	ID     string // the operator's name of the order; the handle keeps it under Key
	Key    string // "" if the handle does not need the name
	Status string
	Text   string // for people, besides the status
}

// Result returns the operator result of a statement. An undocumented status word is
// Unknown; the result still holds the operator's name of the order.
func (l *Connection) Result(s StatusFields, secrets ...string) (operator.OperatorResult, error) {
	receipt := operator.OperatorResult{ProviderTxID: s.ID}
	if s.ID != "" && s.Key != "" {
		receipt.Handle = pirogue.Handle{s.Key: s.ID}
	}
	outcome, err := l.StatusTable.Outcome("status", s.Status)
	if err != nil {
		said := l.Redact(s.Status, secrets...)
		return receipt, pirogue.Errorf(operator.Unknown, "status %q is in no document of the operator", said)
	}
	receipt.Outcome, receipt.Message = outcome, l.Redact(s.Status+" "+s.Text, secrets...)
	return receipt, nil
}

// ResultWithAmount does what Receipt does and reads the amount of a success. A success without a
// whole amount is Unknown; the result still holds the operator's name. Other outcomes have
// no amount.
func (l *Connection) ResultWithAmount(s StatusFields, amount string, in pirogue.Currency) (operator.OperatorResult, error) {
	r, err := l.Result(s)
	if err != nil || r.Outcome != pirogue.OutcomePaid {
		return r, err
	}
	francs, err := Francs(json.Number(amount))
	if err != nil || in == "" {
		named := operator.OperatorResult{ProviderTxID: r.ProviderTxID, Handle: r.Handle}
		return named, pirogue.Errorf(operator.Unknown, "paid, but no whole amount of a currency")
	}
	r.Amount = pirogue.Money{Minor: francs, Currency: in}
	return r, nil
}
