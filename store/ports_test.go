package store_test

import (
	"pirogue/activities"
	"pirogue/api"
	"pirogue/store"
)

// The packages that declare their needs of a database find them met.
var (
	_ activities.Store = (*store.DB)(nil)
	_ api.Store        = (*store.DB)(nil)
)
