package workflows_test

import (
	"context"
	"errors"
	"net/http"

	"pirogue"
	"pirogue/ids"
	"pirogue/operator"
	"pirogue/webhook"
)

// ways leads payments to the one operator, or nowhere.
type ways struct{ s *scenario }

func (w ways) Route(
	_ pirogue.Mode, c pirogue.CountryCode, _ pirogue.Network, k pirogue.PaymentKind,
) ([]operator.Instance, error) {
	if w.s.plan.noWay {
		w.s.mark("no way back for stray money")
		return nil, pirogue.Errorf(pirogue.CountryNotSupported, "no operator for %s in %s", k, c)
	}
	return []operator.Instance{w.s.instance()}, nil
}

// listener is a merchant's endpoint.
type listener struct {
	s    *scenario
	sent int
}

func (l *listener) Send(
	_ context.Context, _ webhook.Message, spend func([32]byte) error,
) (webhook.Reply, error) {
	l.sent++
	if err := spend([32]byte([]byte(ids.Secret())[:32])); err != nil {
		return webhook.Reply{}, err
	}
	switch draw := l.s.dice["merchant"].IntN(100); {
	case draw < 80:
		return webhook.Reply{HTTPStatus: http.StatusOK}, nil
	case draw < 90:
		l.s.mark("a merchant does not listen")
		return webhook.Reply{}, errors.New("TIMED_OUT")
	case draw < 98:
		return webhook.Reply{HTTPStatus: http.StatusInternalServerError}, nil
	default:
		return webhook.Reply{HTTPStatus: http.StatusGone}, nil
	}
}
