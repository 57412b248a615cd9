package admin

import (
	"context"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/operator"
	"pirogue/support"
)

// The verbs of the audit log about an operator's service.
const (
	ActionPark   support.SupportActionKind = "park"
	ActionUnpark support.SupportActionKind = "unpark"
)

// Operators reads the health of operators and changes their service. An operator that never failed
// has no health row.
type Operators interface {
	// Breakers returns the health of every operator that ever failed.
	Breakers(ctx context.Context) (map[pirogue.OperatorCode]operator.CircuitBreaker, error)
	// Park takes an operator out of service, or puts it back into service.
	Park(ctx context.Context, c operator.ServiceChange) error
	// InFlight counts the open payments at an operator. Waiting counts those of them that wait to be
	// sent.
	InFlight(ctx context.Context, o pirogue.OperatorCode) (int, error)
	Waiting(ctx context.Context, o pirogue.OperatorCode) (int, error)
}

// Operator is an operator in support's view.
type Operator struct {
	Operator  pirogue.OperatorCode  `json:"operator"`
	State     operator.BreakerState `json:"state"`
	Since     time.Time             `json:"since,omitzero"`  // of the state
	Words     string                `json:"words,omitempty"` // the latest failure, redacted
	Parked    bool                  `json:"parked"`          // a person took it out of service
	ParkedBy  string                `json:"parked_by,omitempty"`
	ParkedWhy string                `json:"parked_why,omitempty"`
	ParkedAt  time.Time             `json:"parked_at,omitzero"` // or put back
	UnderWay  int                   `json:"under_way"`          // open payments
	Waiting   int                   `json:"waiting"`            // of them, not sent yet
}

// listOperators responds with every configured operator and its availability.
func (s *Server) listOperators(ctx context.Context, _ *gin.Context) (any, error) {
	health, err := s.store.Operators.Breakers(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Operator, 0, len(s.operators))
	for _, code := range s.operators {
		one, err := s.operatorOf(ctx, code, health[code])
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// operatorOf returns support's view of an operator. One without a health row has never failed.
func (s *Server) operatorOf(ctx context.Context, code pirogue.OperatorCode, h operator.CircuitBreaker) (Operator, error) {
	if h.State == "" {
		h.State = operator.BreakerClosed
	}
	underWay, err := s.store.Operators.InFlight(ctx, code)
	if err != nil {
		return Operator{}, err
	}
	waiting, err := s.store.Operators.Waiting(ctx, code)
	return Operator{
		Operator: code, State: h.State, Since: h.Since, Words: h.LastFailure, Parked: h.Parked, ParkedBy: h.ParkedBy,
		ParkedWhy: h.ParkedWhy, ParkedAt: h.ParkedAt, UnderWay: underWay, Waiting: waiting,
	}, err
}

// park takes an operator out of service. Nothing is sent to it, and its payments under way are
// followed to their end.
func (s *Server) park(c *gin.Context, v *requestContext) error {
	return s.setParked(c, v, ActionPark, true)
}

// unpark puts an operator back into service. A ramp spreads the payments that waited.
func (s *Server) unpark(c *gin.Context, v *requestContext) error {
	return s.setParked(c, v, ActionUnpark, false)
}

// setParked takes an operator out of service or puts it back. It fails with NotFound for an
// operator that is not configured.
func (s *Server) setParked(c *gin.Context, v *requestContext, verb support.SupportActionKind, parked bool) error {
	code := pirogue.OperatorCode(c.Param("operator"))
	if !slices.Contains(s.operators, code) {
		return pirogue.Errorf(pirogue.NotFound, "no operator %q is configured", code)
	}
	reason, err := readReason(c)
	if err != nil {
		return err
	}
	said := "The operator gets no more payments; what waits for it is kept."
	if !parked {
		said = "The operator gets payments again; what waited for it comes back slowly."
	}
	return s.carryOut(c, v, supportRequest{
		verb: verb, needs: support.RoleSupport, reason: reason, subject: "operator " + string(code),
		do: step(func(ctx context.Context) (support.ActionResult, error) {
			return done(said, s.store.Operators.Park(ctx, operator.ServiceChange{
				Operator: code, Parked: parked, Actor: v.actor, Reason: reason, At: s.clock.Now(),
			}))
		}),
	})
}
