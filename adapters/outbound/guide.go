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
)

// What may differ from an order beside the amount: values of Receipt.Mismatch.
const (
	MismatchCurrency     = "currency"
	MismatchCounterparty = "counterparty"
)

// Vocabulary is every status word of an operator's documents. One that is not here is
// Unknown, never a guess.
type Vocabulary map[string]pirogue.Outcome

// Outcome translates a word, of a member of the answer.
func (v Vocabulary) Outcome(member, word string) (pirogue.Outcome, error) {
	outcome, ok := v[word]
	if !ok {
		return "", pirogue.Errorf(pirogue.Unknown, "%s %q is in no document of the operator", member, Words(word))
	}
	return outcome, nil
}

// Guide is an operator as its documents describe it.
type Guide struct {
	Name string // for people
	// Promises is all but the limits, which are the terms', the time-out, and what Proof proves.
	Promises    pirogue.Capability
	Terms       Terms       // what they leave open is the instance's
	Credentials Credentials // nil where they are not the same of every instance
	Proof       Proof       // of its callbacks, where it is a credential of ours
	Outcomes    Vocabulary
	Statuses    map[int]pirogue.Code // HTTP statuses that decide, whatever the body says
	// Problems is every error word under another 4xx. One that is not here is Unknown, as is
	// everything under 5xx. Leaving is what a word means instead where money leaves us: what is
	// too little then is ours.
	Problems, Leaving map[string]pirogue.Code
	// Absences are the error words that say, with 404, that an order is not known.
	Absences map[string]bool
	// Problem returns the error word of an answer, and what it says to people: "" for a page
	// of some proxy on the way, which does not speak for the operator.
	Problem func(Answer) (word, said string)
	Private *regexp.Regexp // what no text may repeat, beside what Words cuts out; may be nil
}

// Saying is the Problem of a Guide whose errors are JSON, as a T. What is no such JSON does
// not speak for the operator.
func Saying[T any](problem func(status int, said T) (word, words string)) func(Answer) (word, said string) {
	return func(a Answer) (word, said string) {
		var got T
		if err := json.Unmarshal(a.Body, &got); err != nil {
			return "", ""
		}
		return problem(a.Status, got)
	}
}

// Proof is what a callback brings in a header that only the operator and we know.
type Proof struct{ Header, Scheme, Credential string } // Scheme, such as "Basic ", comes first

// Class returns the class of an answer that is not good. kind says whose money the call was
// to move, "" that it was a question: one that is refused says nothing about the money.
func (g *Guide) Class(status int, word string, kind pirogue.Kind) pirogue.Code {
	if class, listed := g.Statuses[status]; listed {
		return class
	}
	class, listed := g.Problems[word]
	switch ours := g.Leaving[word]; {
	case !listed, status < http.StatusBadRequest, status >= http.StatusInternalServerError:
		return pirogue.Unknown
	case class != pirogue.Refused && class != pirogue.Unable:
		return class
	case kind == "":
		return pirogue.Unknown
	case kind.MoneyOut():
		return cmp.Or(ours, class)
	default:
		return class
	}
}

// Line is how one instance speaks with its operator.
type Line struct {
	*Guide
	Terms  Terms // of the instance
	Client *Client
	Sender interface { // a Client, or its Tokens
		Send(ctx context.Context, r Request) (Answer, error)
	}
	Secrets func() []string // that no text may repeat

	credentials map[string]string
}

// Open returns the line of an instance, unless it is not as the guide says: it reports
// every mistake at once, with those that the adapter found. header is that of every
// request; it may be nil.
func (g *Guide) Open(conf config.Operator, header map[string]string, mistakes ...error) (Line, error) {
	if g.Credentials != nil {
		mistakes = append(mistakes, g.Credentials.Check(conf.Credentials)...)
	}
	if g.Terms.Country != "" {
		mistakes = append(mistakes, g.Terms.Check(conf.Country, conf.Currency)...)
	}
	client, err := New(Options{
		Name: string(conf.Code), BaseURL: conf.BaseURL, Plain: conf.Simulator, Header: header,
		Timeout: conf.Timeout.Or(config.DefaultTimeout),
	}, mistakes...)
	if err != nil {
		return Line{}, err
	}
	terms := g.Terms
	terms.Country, terms.Currency = conf.Country, conf.Currency
	secrets := slices.Collect(maps.Values(conf.Credentials))
	return Line{
		Guide: g, Terms: terms, Client: client, Sender: client, Secrets: func() []string { return secrets },
		credentials: conf.Credentials,
	}, nil
}

// horizon is how long we look for a late success where no document says when a word is final.
const horizon = 24 * time.Hour

// Capability implements pirogue.Operator.
func (l *Line) Capability() pirogue.Capability {
	c := l.Promises
	c.CashIn, c.CashOut, c.CallTimeout = l.Terms.CashIn, l.Terms.CashOut, l.Client.timeout
	c.Horizon = cmp.Or(c.Horizon, horizon)
	if l.credentials[l.Proof.Credential] != "" {
		c.Proof = pirogue.ProofToken
	}
	return c
}

// Within bounds an operation of several calls by the time-out of one: whoever waits for it
// waits no longer.
func (l *Line) Within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, l.Client.timeout)
}

// Words makes the operator's text fit to keep, without the instance's secrets.
func (l *Line) Words(said string, secrets ...string) string {
	secrets = append(slices.Clone(secrets), l.Secrets()...)
	if l.Private != nil {
		secrets = append(secrets, l.Private.FindAllString(said, -1)...)
	}
	return Words(said, secrets...)
}

// Order makes a call that may move money, and returns the answer: beside the error too, for
// it may name what it fails about. secrets are what the call carries and the operator might
// repeat.
func (l *Line) Order(ctx context.Context, req Request, kind pirogue.Kind, secrets ...string) (Answer, error) {
	answer, err := l.Sender.Send(ctx, req)
	if err == nil && !answer.Good() {
		err = l.Turned(answer, kind, secrets...)
	}
	return answer, err
}

// Ask makes a call that moves no money. It fails with NotSent or Unknown.
func (l *Line) Ask(ctx context.Context, req Request, secrets ...string) (Answer, error) {
	return l.Order(ctx, req, "", secrets...)
}

// Post is Order of a body of JSON.
func (l *Line) Post(
	ctx context.Context, path string, body any, kind pirogue.Kind, secrets ...string,
) (Answer, error) {
	req, err := PostJSON(path, body)
	if err != nil {
		return Answer{}, err
	}
	return l.Order(ctx, req, kind, secrets...)
}

// Find asks for an order and reads a good answer. missing is what it means that the operator
// does not know one: "" of one that it has named, which cannot be absent.
func (l *Line) Find(
	ctx context.Context, path string, missing pirogue.Outcome, read func(body []byte) (pirogue.Receipt, error),
) (pirogue.Receipt, error) {
	answer, err := l.Ask(ctx, Get(path, nil))
	if err == nil {
		return answered(answer.Body, read)
	}
	if answer.Status == http.StatusNotFound && missing != "" {
		if word, _ := l.Problem(answer); l.Absences[word] {
			return pirogue.Receipt{Outcome: missing, Words: l.Name + " knows none of this reference"}, nil
		}
	}
	return pirogue.Receipt{}, err
}

// Turned returns the error of an answer that is not the good one.
func (l *Line) Turned(a Answer, kind pirogue.Kind, secrets ...string) error {
	word, _ := l.Problem(a)
	return l.No(l.Class(a.Status, word, kind), a, secrets...)
}

// No returns an error of a class with what the answer says.
func (l *Line) No(class pirogue.Code, a Answer, secrets ...string) error {
	_, said := l.Problem(a)
	if said == "" {
		return pirogue.Errorf(class, "%s answered %d: not a body of its own", l.Name, a.Status)
	}
	return pirogue.Errorf(class, "%s answered %d: %s", l.Name, a.Status, l.Words(said, secrets...))
}

// Read returns the receipt of an answer to Order or Ask. Of one that is Unknown it keeps
// what read finds named in it.
func (l *Line) Read(a Answer, err error, read func(body []byte) (pirogue.Receipt, error)) (pirogue.Receipt, error) {
	if err == nil {
		return answered(a.Body, read)
	}
	if pirogue.CodeOf(err) != pirogue.Unknown {
		return pirogue.Receipt{}, err
	}
	named, _ := read(a.Body) //nolint:errcheck // err is what is reported; the name is all that is wanted
	return pirogue.Receipt{ProviderTxID: named.ProviderTxID, Handle: named.Handle}, err
}

// Proven fails with SignatureInvalid for a callback that does not bring the guide's proof. An
// instance whose credentials may lack it, and do, believes everybody.
func (l *Line) Proven(header http.Header) error {
	secret := l.credentials[l.Proof.Credential]
	if secret == "" || Same(header.Get(l.Proof.Header), l.Proof.Scheme+secret) {
		return nil
	}
	return pirogue.Errorf(pirogue.SignatureInvalid, "the secret of a callback of %s is missing or not ours", l.Name)
}

// Heard reads a callback that is Proven. One that names another order than the attempt's
// handle does is Unknown.
func (l *Line) Heard(
	a pirogue.Attempt, header http.Header, body []byte, read func(body []byte) (pirogue.Receipt, error),
) (pirogue.Receipt, error) {
	if err := l.Proven(header); err != nil {
		return pirogue.Receipt{}, err
	}
	receipt, err := read(body)
	for key, name := range receipt.Handle {
		if known := a.Handle[key]; known != "" && known != name {
			return pirogue.Receipt{}, pirogue.Errorf(pirogue.Unknown, "a callback about another order than %s", a.Ref)
		}
	}
	return receipt, err
}

// JSON returns what reads a body of JSON, as a T. It fails with InvalidJSON for any other,
// which of an answer is Unknown.
func JSON[T any](read func(said T) (pirogue.Receipt, error)) func(body []byte) (pirogue.Receipt, error) {
	return func(body []byte) (pirogue.Receipt, error) {
		var got T
		if err := json.Unmarshal(body, &got); err != nil {
			return pirogue.Receipt{}, pirogue.Errorf(pirogue.InvalidJSON, "not the JSON of the operator's documents")
		}
		return read(got)
	}
}

// answered reads an answer.
func answered(body []byte, read func(body []byte) (pirogue.Receipt, error)) (pirogue.Receipt, error) {
	receipt, err := read(body)
	if pirogue.CodeOf(err) == pirogue.InvalidJSON {
		err = pirogue.Errorf(pirogue.Unknown, "%w", err)
	}
	return receipt, err
}

// Said is what an operator says of one order, in its own words; "" is what it does not say.
type Said struct {
	ID     string // the operator's name of the order, which the handle keeps under Key
	Key    string // "" for a name that the handle does not need
	Status string
	Text   string // for people, beside the status
}

// Receipt returns what is said of an order. A word of no document is Unknown, beside the
// operator's name of the order.
func (l *Line) Receipt(s Said, secrets ...string) (pirogue.Receipt, error) {
	receipt := pirogue.Receipt{ProviderTxID: s.ID}
	if s.ID != "" && s.Key != "" {
		receipt.Handle = pirogue.Handle{s.Key: s.ID}
	}
	outcome, err := l.Outcomes.Outcome("status", s.Status)
	if err != nil {
		said := l.Words(s.Status, secrets...)
		return receipt, pirogue.Errorf(pirogue.Unknown, "status %q is in no document of the operator", said)
	}
	receipt.Outcome, receipt.Words = outcome, l.Words(s.Status+" "+s.Text, secrets...)
	return receipt, nil
}

// Stated is Receipt with the amount of a success, which the operator must state: otherwise
// it is Unknown, beside its name. Of anything else no amount is read.
func (l *Line) Stated(s Said, amount string, in pirogue.Currency) (pirogue.Receipt, error) {
	r, err := l.Receipt(s)
	if err != nil || r.Outcome != pirogue.OutcomePaid {
		return r, err
	}
	francs, err := Francs(json.Number(amount))
	if err != nil || in == "" {
		named := pirogue.Receipt{ProviderTxID: r.ProviderTxID, Handle: r.Handle}
		return named, pirogue.Errorf(pirogue.Unknown, "paid, but no whole amount of a currency")
	}
	r.Amount = pirogue.Money{Minor: francs, Currency: in}
	return r, nil
}
