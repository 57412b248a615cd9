package httpkit

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"
)

// Limits of a connection. A slow client is cut off and delays no other.
const (
	maxHeader  = 16 << 10 // bytes, all header lines together
	headerTime = 5 * time.Second
	readTime   = 10 * time.Second // header and body
	idleTime   = 60 * time.Second
)

// NewEngine returns Gin with other defaults. It redirects nothing, responds 405 with Allow, and
// keeps an escaped slash inside its path segment. It reads X-Forwarded-For of the given proxies only
// and fails for a text that is no address or network.
func NewEngine(proxies []string) (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.RedirectTrailingSlash = false
	engine.RedirectFixedPath = false
	engine.HandleMethodNotAllowed = true
	engine.UseRawPath = true
	engine.RemoteIPHeaders = []string{"X-Forwarded-For"}
	if err := engine.SetTrustedProxies(proxies); err != nil {
		return nil, fmt.Errorf("Options.TrustedProxies: %w", err)
	}
	return engine, nil
}

// NewServer returns a server on addr with limits against slow and large clients. writeTime limits a
// response; 0 sets no limit.
func NewServer(addr string, h http.Handler, log *zap.Logger, writeTime time.Duration) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       readTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          zap.NewStdLog(log),
	}
}
