package pirogue

// Mode separates test from real money. Nothing crosses modes: a read in the other mode finds
// nothing, and a test key reaches simulators only.
type Mode string

// The two modes, chosen by the prefix of the merchant's key.
const (
	Test Mode = "test" // nk_test_…
	Live Mode = "live" // nk_live_…
)
