package store_test

import (
	"pirogue/activities"
	"pirogue/api"
	"pirogue/store"
)

// The promise to the packages that declare what they need of a database.
var (
	_ activities.Store = (*store.DB)(nil)
	_ api.Store        = (*store.DB)(nil)
)
