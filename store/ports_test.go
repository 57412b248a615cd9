package store_test

import (
	"pirogue/activities"
	"pirogue/api"
	"pirogue/store"
)

// The packages that declare their needs of a database find them met.
var (
	_ activities.Store = (*store.DB)(nil)
	_ api.Schema       = (*store.DB)(nil)
	_ api.Access       = (*store.DB)(nil)
	_ api.Payments     = (*store.DB)(nil)
	_ api.Fees         = (*store.DB)(nil)
	_ api.Bulks        = (*store.DB)(nil)
	_ api.Reports      = (*store.DB)(nil)
	_ api.Callbacks    = (*store.DB)(nil)
	_ api.Breakers     = (*store.DB)(nil)
	_ api.Events       = (*store.DB)(nil)
)
