package pirogue

// Mode separates play from real money. The two never see each other: a read
// across modes finds nothing, a test key reaches simulators only.
type Mode string

// The two modes, chosen by the prefix of the merchant's key.
const (
	Test Mode = "test" // nk_test_…
	Live Mode = "live" // nk_live_…
)
