// Package adapters holds the table of every operator that Pirogue can call. A new operator
// is a folder beside this file and one line in the table.
package adapters

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pirogue"
	"pirogue/adapters/digitalpaye"
	"pirogue/adapters/novasend"
	"pirogue/adapters/orangeweb"
	"pirogue/adapters/sonatel"
	"pirogue/adapters/taramoney"
	"pirogue/config"
	"pirogue/operator"
)

// table maps the adapter names of the configuration to constructors. A constructor reports
// every mistake of its configuration at once and makes no call.
var table = map[string]func(config.Operator, pirogue.Clock) (operator.Operator, error){
	"digitalpaye": digitalpaye.New,
	"novasend":    novasend.New,
	"orangeweb":   orangeweb.New,
	"sonatel":     sonatel.New,
	"taramoney":   taramoney.New,
}

// Open returns the configured instances by their codes. On a mistake it opens none and
// returns one error, which lists every mistake of every instance with its code.
func Open(confs []config.Operator, clock pirogue.Clock) (map[pirogue.OperatorCode]operator.Instance, error) {
	instances := make(map[pirogue.OperatorCode]operator.Instance, len(confs))
	seen := make(map[pirogue.OperatorCode]bool, len(confs))
	var mistakes []error
	for i, conf := range confs {
		instance, err := open(conf, clock)
		switch {
		case conf.Code == "":
			mistakes = append(mistakes, fmt.Errorf("operator %d: code is missing", i+1))
		case seen[conf.Code]:
			mistakes = append(mistakes, fmt.Errorf("operator %s: its code is used twice", conf.Code))
		case err != nil:
			mistakes = append(mistakes, fmt.Errorf("operator %s: %w", conf.Code, err))
		}
		seen[conf.Code] = true
		instances[conf.Code] = instance
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	return instances, nil
}

// open returns one instance, or an error that lists every mistake of its configuration.
func open(conf config.Operator, clock pirogue.Clock) (operator.Instance, error) {
	construct, ok := table[conf.Adapter]
	if !ok {
		known := strings.Join(slices.Sorted(maps.Keys(table)), ", ")
		return operator.Instance{}, fmt.Errorf("adapter %q is none of: %s", conf.Adapter, known)
	}
	opened, err := construct(conf, clock)
	if err != nil {
		return operator.Instance{}, err
	}
	for field, limits := range map[string]operator.Limits{"cash_in": conf.CashIn, "cash_out": conf.CashOut} {
		if err := limits.Validate(); err != nil {
			return operator.Instance{}, fmt.Errorf(
				"%s: its bounds are from 0 to %d, min below max: %w", field, pirogue.MaxAmount, err)
		}
	}
	if _, asks := opened.(operator.StatusReader); conf.AbsenceProves && !asks {
		return operator.Instance{}, errors.New("absence_proves, and nobody can ask it what it knows")
	}
	atOnce := opened.Capability().DecidesAtOnce
	if conf.DecidesAtOnce != nil {
		atOnce = *conf.DecidesAtOnce
	}
	return operator.Instance{
		Code:           conf.Code,
		Mode:           conf.Mode,
		Country:        conf.Country,
		Network:        conf.Network,
		CallsPerSecond: conf.CallsPerSecond,
		Window:         conf.Window.Or(config.DefaultWindow),
		CallTimeout:    opened.Capability().CallTimeout,
		FinalityWindow: time.Duration(conf.FinalityWindow),
		AbsenceProves:  conf.AbsenceProves,
		RefusalSpan:    time.Duration(conf.RefusalSpan),
		DecidesAtOnce:  atOnce,
		CashIn:         conf.CashIn,
		CashOut:        conf.CashOut,
		Operator:       opened,
	}, nil
}
