package workflows_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
)

var (
	simulations = flag.Int("simulations", 300, "how many scenarios TestSimulation draws")
	firstSeed   = flag.Uint64("seed", 0, "the first of them; 0 means 1, and the seeds of testdata/seeds.txt before it")
)

// perLot is the number of scenarios that share a database. What is audited at the end of a lot
// reads whole tables.
const perLot = 50

// enough is the number of scenarios after which every fault has happened for certain.
const enough = 250

// TestSimulation draws payments and everything that can go wrong with them. It runs them with
// the real workflows, activities and database. Then it compares our books with the book of the
// operator, which knows nothing of ours. One seed decides all that happens in a scenario.
func TestSimulation(t *testing.T) {
	t.Parallel()

	seeds := drawn(t)
	seen := &marks{hits: map[string]int{}}
	t.Run("lots", func(t *testing.T) {
		for lot := range slices.Chunk(seeds, perLot) {
			t.Run(fmt.Sprintf("from %d", lot[0]), func(t *testing.T) {
				t.Parallel()
				simulate(t, seen, lot)
			})
		}
	})
	t.Logf("%d scenarios: %v", len(seeds), seen.hits)
	if len(seeds) < enough {
		return
	}
	for _, fault := range faults {
		require.Positive(t, seen.hits[fault], "nothing was simulated of: %s", fault)
	}
	unknown := slices.DeleteFunc(slices.Sorted(maps.Keys(seen.hits)), func(hit string) bool {
		return slices.Contains(faults, hit)
	})
	require.Empty(t, unknown, "faults that are not listed")
}

// drawn returns the seeds of this run.
func drawn(t *testing.T) []uint64 {
	t.Helper()
	var seeds []uint64
	first := *firstSeed
	if first == 0 {
		seeds, first = remembered(t), 1
	}
	for n := range *simulations {
		seeds = append(seeds, first+uint64(n))
	}
	return seeds
}

// remembered returns the seeds that once found a mistake, one a line, with a word on
// which.
func remembered(t *testing.T) []uint64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "seeds.txt"))
	require.NoError(t, err)
	var seeds []uint64
	for line := range strings.Lines(string(text)) {
		message := strings.Fields(line)
		if len(message) == 0 || message[0] == "#" {
			continue
		}
		seed, err := strconv.ParseUint(message[0], 10, 64)
		require.NoError(t, err)
		seeds = append(seeds, seed)
	}
	return seeds
}

// TestSimulationIsDeterministic proves that a seed that failed will fail again.
func TestSimulationIsDeterministic(t *testing.T) {
	t.Parallel()

	running := func() []string {
		l := newLot(t, &marks{hits: map[string]int{}})
		var traces []string
		for seed := range uint64(6) {
			s := l.scenario(seed + 1)
			s.play()
			traces = append(traces, s.traced())
		}
		return traces
	}
	first, second := running(), running()
	for n := range first {
		require.Equal(t, strings.Split(first[n], "\n"), strings.Split(second[n], "\n"), "seed %d", n+1)
	}
}

// simulate plays a lot of scenarios over one database and audits it.
func simulate(t *testing.T, seen *marks, seeds []uint64) {
	l := newLot(t, seen)
	for _, seed := range seeds {
		s := l.scenario(seed)
		s.play()
		s.check()
	}
	l.audit()
}

// lot is scenarios over one database. Each has a merchant of its own.
type lot struct {
	t *testing.T
	*database
	seen  *marks
	moved []*entry // what its operator's book says of all scenarios
	owner map[pirogue.PaymentID]*scenario
}

func newLot(t *testing.T, seen *marks) *lot {
	t.Helper()
	return &lot{t: t, database: freshDatabase(t), seen: seen, owner: map[pirogue.PaymentID]*scenario{}}
}

// auditNow proves every rule of the books, which holds at any moment.
func (l *lot) auditNow() {
	l.t.Helper()
	violations, err := l.store.Audit(l.t.Context())
	require.NoError(l.t, err)
	for _, v := range violations {
		if s := l.owner[pirogue.PaymentID(strings.SplitN(v.Row, "/", 2)[0])]; s != nil {
			s.wrong("%s: %s", v.Rule, v.Row)
			continue
		}
		l.t.Errorf("%s: %s", v.Rule, v.Row)
	}
}

// audit proves what is true of all scenarios together: every rule of the books, and
// that the operator's book is ours, to the franc and in both directions.
func (l *lot) audit() {
	l.t.Helper()
	l.auditNow()
	in, out, err := l.store.OperatorBook(l.t.Context(), instance)
	require.NoError(l.t, err)
	for _, e := range l.moved {
		ours := in
		if e.kind.MoneyOut() {
			ours = out
		}
		if ours[string(e.ref)] != e.total() {
			e.s.wrong("the operator moved %d under %s, our books say %d", e.total(), e.name, ours[string(e.ref)])
		}
		delete(ours, string(e.ref))
	}
	for _, left := range []map[string]int64{in, out} {
		for ref, amount := range left {
			if amount != 0 {
				l.t.Errorf(
					"our books say that %d moved under %s, the operator knows nothing of it: %s", amount, ref,
					l.nameOf(ref),
				)
			}
		}
	}
}

// nameOf names the owner of a reference.
func (l *lot) nameOf(ref string) string {
	l.t.Helper()
	attempt, err := l.store.AttemptByRef(l.t.Context(), instance, pirogue.OperatorRef(ref))
	require.NoError(l.t, err)
	if s := l.owner[attempt.PaymentID]; s != nil {
		return fmt.Sprintf("seed %d", s.seed)
	}
	return "of no scenario"
}

// marks counts what happened. A fault that never happened was not tested.
type marks struct {
	mu   sync.Mutex
	hits map[string]int
}

func (m *marks) hit(fault string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hits[fault]++
}
