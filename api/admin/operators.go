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

// operatorRoutes serves the configured operators and their service.
type operatorRoutes struct {
	*actions

	operators  Operators
	configured []pirogue.OperatorCode // in the order of the list
}

// register adds the routes.
func (h operatorRoutes) register(in routeGroup) {
	in.read("/operators", h.list)
	in.post("/operators/:operator/park", h.park)
	in.post("/operators/:operator/unpark", h.unpark)
}

// list responds with every configured operator and its availability.
func (h operatorRoutes) list(ctx context.Context, _ *gin.Context) (any, error) {
	breakers, err := h.operators.Breakers(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Operator, 0, len(h.configured))
	for _, code := range h.configured {
		one, err := h.operatorOf(ctx, code, breakers[code])
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// operatorOf returns support's view of an operator. One without a circuit breaker has never failed.
func (h operatorRoutes) operatorOf(
	ctx context.Context, code pirogue.OperatorCode, b operator.CircuitBreaker,
) (Operator, error) {
	if b.State == "" {
		b.State = operator.BreakerClosed
	}
	underWay, err := h.operators.InFlight(ctx, code)
	if err != nil {
		return Operator{}, err
	}
	waiting, err := h.operators.Waiting(ctx, code)
	return Operator{
		Operator: code, State: b.State, Since: b.Since, Message: b.LastFailure, Parked: b.Parked, ParkedBy: b.ParkedBy,
		ParkedWhy: b.ParkedWhy, ParkedAt: b.ParkedAt, UnderWay: underWay, Waiting: waiting,
	}, err
}

// park takes an operator out of service. Nothing is sent to it, and its payments under way are
// followed to their end.
func (h operatorRoutes) park(c *gin.Context, rc *requestContext) error {
	return h.setParked(c, rc, support.ActionPark)
}

// unpark puts an operator back into service. A ramp spreads the payments that waited.
func (h operatorRoutes) unpark(c *gin.Context, rc *requestContext) error {
	return h.setParked(c, rc, support.ActionUnpark)
}

// parkTexts holds the texts of the results for the actor.
var parkTexts = map[support.SupportActionKind]string{
	support.ActionPark:   "The operator gets no more payments; what waits for it is kept.",
	support.ActionUnpark: "The operator gets payments again; what waited for it comes back slowly.",
}

// setParked takes an operator out of service or puts it back. It fails with NotFound for an
// operator that is not configured.
func (h operatorRoutes) setParked(c *gin.Context, rc *requestContext, k support.SupportActionKind) error {
	code := pirogue.OperatorCode(c.Param("operator"))
	if !slices.Contains(h.configured, code) {
		return pirogue.Errorf(pirogue.NotFound, "no operator %q is configured", code)
	}
	reason, err := readReason(c)
	if err != nil {
		return err
	}
	return h.perform(c, rc, request{
		action: k, needs: support.RoleSupport, reason: reason, subject: "operator " + string(code),
		do: twice(func(ctx context.Context) (support.ActionResult, error) {
			return done(parkTexts[k], h.operators.Park(ctx, operator.ServiceChange{
				Operator: code, Parked: k == support.ActionPark, Actor: rc.actor, Reason: reason, At: h.clock.Now(),
			}))
		}),
	})
}

// Operator is an operator in support's view.
type Operator struct {
	Operator  pirogue.OperatorCode  `json:"operator"`
	State     operator.BreakerState `json:"state"`
	Since     time.Time             `json:"since,omitzero"`    // of the state
	Message   string                `json:"message,omitempty"` // the latest failure, redacted
	Parked    bool                  `json:"parked"`            // a person took it out of service
	ParkedBy  string                `json:"parked_by,omitempty"`
	ParkedWhy string                `json:"parked_why,omitempty"`
	ParkedAt  time.Time             `json:"parked_at,omitzero"` // or put back
	UnderWay  int                   `json:"under_way"`          // open payments
	Waiting   int                   `json:"waiting"`            // of them, not sent yet
}
