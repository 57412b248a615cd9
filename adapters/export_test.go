package adapters

import "pirogue/adapters/example"

// The example is in the table for tests only: no configuration of a running Pirogue can name it.
func init() { table["example"] = example.New } //nolint:gochecknoinits // before any test reads the table
