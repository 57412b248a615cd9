package store_test

import (
	"pirogue/activities"
	"pirogue/api"
	"pirogue/store"
)

// The packages that declare their needs of a database find them met.
var (
	_ activities.Store = (*store.All)(nil)
	_ api.Schema       = (*store.DB)(nil)
	_ api.Access       = (*store.Keys)(nil)
	_ api.Payments     = (*store.Payments)(nil)
	_ api.Fees         = (*store.Merchants)(nil)
	_ api.Bulks        = (*store.Bulks)(nil)
	_ api.Reports      = (*store.Reports)(nil)
	_ api.Callbacks    = (*store.Callbacks)(nil)
	_ api.Breakers     = (*store.Operators)(nil)
	_ api.Events       = (*store.Webhooks)(nil)
)
