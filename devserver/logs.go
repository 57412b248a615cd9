package main

import (
	"go.temporal.io/server/common/log"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// logs is Temporal's log on standard error. While its services start and stop they
// complain about each other's absence, and a reader would look for a fault where there is
// none. So, unless more than warnings was asked for, nothing is written before loud and
// nothing after hush; a start that fails says why in its error.
type logs struct {
	logger log.Logger
	wanted zapcore.Level
	now    zap.AtomicLevel
}

func newLogs(level string) *logs {
	l := &logs{wanted: log.ParseZapLevel(level), now: zap.NewAtomicLevel()}
	l.loud()
	plain := log.BuildZapLogger(log.Config{Level: level, Format: "console"})
	l.logger = log.NewZapLogger(plain.WithOptions(zap.IncreaseLevel(l.now), zap.AddStacktrace(zap.FatalLevel)))
	l.hush()
	return l
}

func (l *logs) loud() { l.now.SetLevel(l.wanted) }

func (l *logs) hush() {
	if l.wanted >= zap.WarnLevel {
		l.now.SetLevel(zap.FatalLevel)
	}
}
