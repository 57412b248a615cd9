package docs_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/adapters"
	"pirogue/config"
	"pirogue/operator"
)

// operators lists the adapters in the order of the tables, with their names for people.
var operators = []struct{ adapter, name string }{
	{"orangeweb", "Orange Web Payment"},
	{"sonatel", "Orange Sonatel"},
	{"novasend", "Novasend"},
	{"digitalpaye", "Digitalpaye"},
	{"taramoney", "Taramoney"},
}

// witness is the test in which every adapter proves its abilities against its simulator.
const witness = "TestAgainstSimulator"

// proofs names the test of each adapter that proves an ability.
var proofs = map[string]map[string]string{
	"orangeweb": {"cash-in": witness, "status": witness, "callback": witness},
	"sonatel": bothWays(map[string]string{
		"balance": "TestBalanceWithPIN", "bulk": "TestBulkResponses",
		"statement": "TestStatementPages",
	}),
	"novasend": bothWays(map[string]string{"balance": "TestNovasend"}),
	"digitalpaye": bothWays(map[string]string{
		"balance": "TestBalanceRequest", "statement": "TestStatementPages",
		"customers": "TestCustomers",
	}),
	"taramoney": bothWays(map[string]string{
		"statement": "TestStatementPages", "resend": "TestResendCallback",
	}),
}

// bothWays returns the proofs of an adapter that moves money both ways. The witness test proves the
// calls for that; more holds the proofs of its other abilities.
func bothWays(more map[string]string) map[string]string {
	proofs := map[string]string{
		"cash-in": witness, "cash-out": witness, "refund": witness, "status": witness, "callback": witness,
	}
	maps.Copy(proofs, more)
	return proofs
}

// headings holds the headings of the tables in one language. One table lists abilities in their
// order, the other the steps that Pirogue takes by itself. say returns a sentence of the tables in
// that language.
type headings struct {
	operator  string
	abilities []string
	alone     []string
	first     []string // of the table about the first poll
	say       func(t *testing.T, english string) string
}

// languages holds the headings by the mark of their place in operators.md.
var languages = map[string]headings{
	"en": {
		"Operator",
		[]string{
			"Cash-in", "Cash-out", "Refund", "Status", "Balance", "Callback", "Bulk", "Statement", "Customers", "Resend",
		},
		[]string{"Lost cash-in", "Lost cash-out", "Proof of failure", "Redrive", "Settled by"},
		[]string{"Polled first", "Because"},
		func(_ *testing.T, english string) string { return english },
	},
	"fr": {
		"Opérateur",
		[]string{
			"Encaissement", "Versement", "Remboursement", "Statut", "Solde", "Notification", "Lot", "Relevé", "Clients",
			"Renvoi",
		},
		[]string{"Encaissement perdu", "Versement perdu", "Preuve d'échec", "Reprise", "Réglé par"},
		[]string{"Première question", "Parce que"},
		inFrench,
	},
}

// duration matches a duration in a sentence of pirogue.Automation.
var duration = regexp.MustCompile(`\d+ (?:min|h)\b`)

// french holds each sentence of pirogue.Automation in French, with {} for its durations.
var french = map[string]string{
	"–": "–",
	"it is sent again under another reference; nobody can pay the lost one": "renvoyé sous une autre référence ; " +
		"personne ne peut payer l'encaissement perdu",
	"the same reference is sent again, for a minute; then it is asked for": "la même référence est renvoyée " +
		"pendant une minute ; ensuite Pirogue demande son statut",
	"nothing is sent again; it is asked for by its reference": "rien n'est renvoyé ; " +
		"Pirogue demande le statut par la référence",
	"nothing is sent again; it waits for a callback or a person": "rien n'est renvoyé ; " +
		"une notification ou une personne décide",
	"two equal refusals by status": "deux refus égaux par le statut",
	"two equal refusals by status, or 'not known' three times after {}": "deux refus égaux par le statut, ou trois " +
		"réponses « inconnu » après {}",
	"nothing it can say: two people resolve": "aucune de ses réponses : deux personnes décident",
	"refused: absence proves nothing, two people resolve": "refusée : une absence ne prouve rien, " +
		"deux personnes décident",
	"refused: it cannot be asked":              "refusée : il ne répond pas aux questions",
	"after {} of 'not known': another attempt": "après {} de « inconnu » : une nouvelle tentative",
	"for {}, if the operator says 'not known': the same reference; " +
		"then after {} of 'not known': another attempt": "pendant {}, " +
		"si l'opérateur répond « inconnu » : la même référence ; après {} de « inconnu » : une nouvelle tentative",
	"its status call; a callback makes the question come sooner": "son statut ; une notification avance la question",
	"a proven callback with the order's amount; everything else is a case": "une notification prouvée, " +
		"au montant de la demande ; tout le reste est un dossier",
	"nobody's but a person's":  "une personne seulement",
	"5 s after its acceptance": "5 s après son acceptation",
	"money out at once, a cash-in 5 s after its acceptance": "versement tout de suite, encaissement 5 s après son " +
		"acceptation",
	"money out and a one-step cash-in at once, another cash-in 5 s after its acceptance": "versement et " +
		"encaissement en une étape tout de suite, autre encaissement 5 s après son acceptation",
	decides["orangeweb"]: "le client ouvre une page (guide : INITIATED)",
	decides["sonatel"]: "`cashins` et `onestep` répondent par le statut final ; un code QR attend son client " +
		"(spécification)",
	decides["novasend"]:    "les appels directs répondent `processing` (page « transfert »)",
	decides["digitalpaye"]: "un transfert peut répondre 200 SUCCESSFUL, une collecte 202 PENDING (pages des paiements)",
	decides["taramoney"]:   "SUCCESS à l'initiation veut dire accepté (documents)",
}

// decides says, for each adapter, what its operator's documents say about the answer to a submission.
var decides = map[string]string{
	"orangeweb": "the customer opens a page (guide: INITIATED)",
	"sonatel": "`cashins` and `onestep` answer with the final status; a QR code waits for its customer " +
		"(specification)",
	"novasend":    "direct calls answer `processing` (transfer page)",
	"digitalpaye": "a transfer may answer 200 SUCCESSFUL, a collection 202 PENDING (payment pages)",
	"taramoney":   "SUCCESS at initiation means accepted (documents)",
}

// inFrench returns a sentence of the tables in French. It fails for one that has no translation.
func inFrench(t *testing.T, english string) string {
	t.Helper()
	text, known := french[duration.ReplaceAllString(english, "{}")]
	require.True(t, known, "%q is not in French", english)
	for _, d := range duration.FindAllString(english, -1) {
		text = strings.Replace(text, "{}", d, 1)
	}
	return text
}

// The tables of operators.md are generated from the adapters, so they cannot promise more.
func TestOperatorsDocumentIsWhatTheAdaptersCanDo(t *testing.T) {
	t.Parallel()

	const path = "operators.md"
	instances := sandboxInstances(t)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	want := string(text)
	for language, heads := range languages {
		place := regexp.MustCompile(`(?s)(<!-- ` + language + `, by go test \./docs -update -->\n).*?(<!-- end -->)`)
		require.Regexp(t, place, want, "%s has no place for the tables", path)
		tables := abilitiesTable(t, instances, heads) + "\n" + aloneTable(t, instances, heads) + "\n" +
			firstPollTable(t, instances, heads)
		want = place.ReplaceAllStringFunc(want, func(old string) string {
			marks := place.FindStringSubmatch(old)
			return marks[1] + "\n" + tables + "\n" + marks[2]
		})
	}
	compare(t, path, want)
}

// An ability counts only with a test that proves it.
func TestEachProofOfAnAbilityExists(t *testing.T) {
	t.Parallel()

	for adapter, tests := range proofs {
		files, err := filepath.Glob("../adapters/" + adapter + "/*_test.go")
		require.NoError(t, err)
		var source strings.Builder
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			source.Write(text)
		}
		for ability, name := range tests {
			require.Contains(t, source.String(), "\nfunc "+name+"(t *testing.T) {", "%s of %s", ability, adapter)
		}
	}
}

// sandboxInstances returns the instances of the sandbox by their adapters.
func sandboxInstances(t *testing.T) map[string][]operator.Instance {
	t.Helper()
	conf, err := config.Load(nil)
	require.NoError(t, err)
	open, err := adapters.Open(conf.Operators, time.Now)
	require.NoError(t, err)
	found := map[string][]operator.Instance{}
	for _, one := range conf.Operators {
		found[one.Adapter] = append(found[one.Adapter], open[one.Code])
	}
	require.Len(t, found, len(operators), "an adapter is in no table")
	return found
}

// abilitiesTable returns the table of each operator's abilities. It fails for an ability without a
// proof, and for a proof of an unknown ability. It also fails where two instances of an adapter
// differ.
func abilitiesTable(t *testing.T, instances map[string][]operator.Instance, heads headings) string {
	t.Helper()
	require.Len(t, heads.abilities, len(operator.Abilities))
	rows := [][]string{append([]string{heads.operator}, heads.abilities...)}
	for _, one := range operators {
		row := []string{one.name}
		for _, ability := range operator.Abilities {
			name, proven := proofs[one.adapter][ability.Name]
			for _, i := range instances[one.adapter] {
				require.Equal(t, ability.Has(i.Operator), proven, "%s: %s and its proof", i.Code, ability.Name)
			}
			if proven {
				name = "`" + one.adapter + "." + name + "`"
			}
			row = append(row, cmp.Or(name, "–"))
		}
		rows = append(rows, row)
	}
	return markdown(rows)
}

// aloneTable returns the table of the steps that Pirogue takes by itself with each operator.
func aloneTable(t *testing.T, instances map[string][]operator.Instance, heads headings) string {
	t.Helper()
	rows := [][]string{append([]string{heads.operator}, heads.alone...)}
	for _, one := range operators {
		var said [][]string
		for _, i := range instances[one.adapter] {
			a := i.Automation()
			row := []string{one.name}
			for _, sentence := range []string{a.LostCashIn, a.LostCashOut, a.Proves, a.Redrive, a.Settles} {
				row = append(row, heads.say(t, cmp.Or(sentence, "–")))
			}
			said = append(said, row)
		}
		rows = append(rows, slices.CompactFunc(said, slices.Equal[[]string])...)
	}
	return markdown(rows)
}

// firstPollTable returns the table of the first polls of live instances. The simulators decide at once
// whatever their test number says.
func firstPollTable(t *testing.T, instances map[string][]operator.Instance, heads headings) string {
	t.Helper()
	rows := [][]string{append([]string{heads.operator}, heads.first...)}
	for _, one := range operators {
		live := instances[one.adapter][0]
		require.Equal(t, "at once", live.Automation().FirstPoll, live.Code)
		live.DecidesAtOnce = live.Operator.Capability().DecidesAtOnce
		rows = append(rows, []string{
			one.name, heads.say(t, live.Automation().FirstPoll), heads.say(t, decides[one.adapter]),
		})
	}
	return markdown(rows)
}

// markdown returns rows as a table; the first row is its head.
func markdown(rows [][]string) string {
	var b strings.Builder
	for n, row := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if n == 0 {
			b.WriteString(strings.Repeat("| --- ", len(row)) + "|\n")
		}
	}
	return b.String()
}
