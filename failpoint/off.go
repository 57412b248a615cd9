//go:build !chaos

package failpoint

// Hit marks the failpoint of this name. Without the build tag "chaos" the compiler removes
// it.
func Hit(string) {}
