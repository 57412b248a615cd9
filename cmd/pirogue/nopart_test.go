//go:build !chaos

package main

// bePart does nothing: only tests with failpoints start this binary as a part.
func bePart() {}
