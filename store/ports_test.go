package store_test

import (
	"pirogue/activities"
	"pirogue/store"
)

// The promise to the packages that declare what they need of a database.
var (
	_ activities.Attempts = (*store.DB)(nil)
	_ activities.Books    = (*store.DB)(nil)
)
