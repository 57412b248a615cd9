package api

import (
	"net/http"

	"go.uber.org/zap"
)

// HTTPServer returns the public port as a server on addr, with limits against slow
// and large clients. Its Shutdown first sends out the answers that are held.
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

// AdminServer returns the admin port as a server on addr, which has to be one of
// this machine's own. It sets no end to an answer: a profile takes as long as it is
// asked to.
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
