package workflows_test

import (
	"context"
	"errors"
	"net/http"

	"pirogue"
	"pirogue/activities"
	"pirogue/ids"
)

// ways leads payments to the one operator, or nowhere.
type ways struct{ s *scenario }

func (w ways) Route(
	_ pirogue.Mode, c pirogue.CountryCode, _ pirogue.Network, k pirogue.PaymentKind,
) ([]pirogue.Instance, error) {
	if w.s.plan.noWay {
		w.s.mark("no way back for stray money")
		return nil, pirogue.Errorf(pirogue.CountryNotSupported, "no operator for %s in %s", k, c)
	}
	return []pirogue.Instance{w.s.instance()}, nil
}

// listener is a merchant's endpoint.
type listener struct {
	s    *scenario
	sent int
}

func (l *listener) Send(
	_ context.Context, _ activities.WebhookMessage, spend func([32]byte) error,
) (activities.WebhookReply, error) {
	l.sent++
	if err := spend([32]byte([]byte(ids.Secret())[:32])); err != nil {
		return activities.WebhookReply{}, err
	}
	switch draw := l.s.dice["merchant"].IntN(100); {
	case draw < 80:
		return activities.WebhookReply{HTTPStatus: http.StatusOK}, nil
	case draw < 90:
		l.s.mark("a merchant does not listen")
		return activities.WebhookReply{}, errors.New("TIMED_OUT")
	case draw < 98:
		return activities.WebhookReply{HTTPStatus: http.StatusInternalServerError}, nil
	default:
		return activities.WebhookReply{HTTPStatus: http.StatusGone}, nil
	}
}
