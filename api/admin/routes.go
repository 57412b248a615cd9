package admin

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"pirogue/api/httpkit"
	"pirogue/support"
)

// handler serves one request. An error that it returns becomes the response.
type handler = httpkit.Handler[requestContext]

// reader serves one request that changes nothing, within the deadline of ctx.
type reader func(ctx context.Context, c *gin.Context) (any, error)

// routeGroup adds routes behind the check of the token.
type routeGroup struct {
	*gin.RouterGroup

	fail httpkit.Fail
}

// read adds a route for GET that every role may use.
func (g routeGroup) read(path string, r reader) { g.get(path, r.handle) }

// get adds a route for GET.
func (g routeGroup) get(path string, h handler) { g.GET(path, httpkit.Respond(h, g.fail)) }

// post adds a route for POST.
func (g routeGroup) post(path string, h handler) { g.POST(path, httpkit.Respond(h, g.fail)) }

// put adds a route for PUT.
func (g routeGroup) put(path string, h handler) { g.PUT(path, httpkit.Respond(h, g.fail)) }

// remove adds a route for DELETE.
func (g routeGroup) remove(path string, h handler) { g.DELETE(path, httpkit.Respond(h, g.fail)) }

// handle allows every role to read, and limits the database to storeTime.
func (r reader) handle(c *gin.Context, rc *requestContext) error {
	if err := rc.need(support.RoleReader); err != nil {
		return err
	}
	ctx, cancel := withinStoreTime(c.Request.Context())
	defer cancel()
	data, err := r(ctx, c)
	if err == nil {
		c.JSON(http.StatusOK, bodyOf(data))
	}
	return err
}

// bodyOf returns the body of a successful response. A worklist is a whole body by itself.
func bodyOf(data any) any {
	switch data.(type) {
	case worklist[Stuck], worklist[OpenCase]:
		return data
	default:
		return responseBody[any]{data}
	}
}

// responseBody is the body of a successful response.
type responseBody[T any] struct {
	Data T `json:"data"`
}

// each returns the views of all rows: an empty list for no rows, never null.
func each[T, V any](rows []T, view func(T) V) []V {
	views := make([]V, len(rows))
	for i, row := range rows {
		views[i] = view(row)
	}
	return views
}

// withinStoreTime returns the context of one database call, limited to storeTime.
func withinStoreTime(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, storeTime)
}
