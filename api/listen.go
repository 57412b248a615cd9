package api

import (
	"net/http"

	"go.uber.org/zap"
)

// HTTPServer returns the public port as a server on addr, with limits against slow and large
// clients. Its Shutdown first sends the responses that wait on a payment's status.
func (s *Server) HTTPServer(addr string) *http.Server {
	server := &http.Server{
		Addr:              addr,
		Handler:           s.Handler(),
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       readTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          zap.NewStdLog(s.log),
	}
	server.RegisterOnShutdown(s.release)
	return server
}

// AdminServer returns the admin port as a server on addr, which must be a loopback address. It sets
// no time limit on responses, because a profile takes as long as its request asks.
func (s *Server) AdminServer(addr string) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           s.Admin(),
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       readTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          zap.NewStdLog(s.log),
	}
}
