package worker

import (
	"go.temporal.io/sdk/log"
	"go.uber.org/zap"
)

// Logger returns a logger that writes the Temporal SDK's log lines to zap.
func Logger(z *zap.Logger) log.Logger {
	return zapLogger{z.WithOptions(zap.AddCallerSkip(1)).Sugar()}
}

// zapLogger adapts zap to the log interface of Temporal's SDK.
type zapLogger struct{ *zap.SugaredLogger }

// Debug implements log.Logger.
func (l zapLogger) Debug(msg string, pairs ...any) { l.Debugw(msg, pairs...) }

// Info implements log.Logger.
func (l zapLogger) Info(msg string, pairs ...any) { l.Infow(msg, pairs...) }

// Warn implements log.Logger.
func (l zapLogger) Warn(msg string, pairs ...any) { l.Warnw(msg, pairs...) }

// Error implements log.Logger.
func (l zapLogger) Error(msg string, pairs ...any) { l.Errorw(msg, pairs...) }

// With implements log.WithLogger.
func (l zapLogger) With(pairs ...any) log.Logger { return zapLogger{l.SugaredLogger.With(pairs...)} }
