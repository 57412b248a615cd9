package activities

import (
	"context"
	"hash/fnv"
	"math"
	"time"

	"go.temporal.io/sdk/activity"

	"pirogue"
)

// ParkInput asks when a payment that waits for an operator may be tried again.
type ParkInput struct {
	PaymentID pirogue.PaymentID    `json:"payment_id"`
	Operator  pirogue.OperatorCode `json:"operator"`
	Tried     int                  `json:"tried,omitempty"` // failed tries since it was parked
}

// A parked payment looks whether its operator is back: often at first, and then so rarely
// that ten thousand of them do not keep Temporal busy.
const (
	parkedOften  = 10 * time.Second // between the first looks
	parkedSeldom = time.Minute      // between the later ones
	parkedLooks  = 6                // looks that are near together
)

// backoff returns the waits between the looks, from the n-th on, by the number of failed tries.
// They double with every one of these, because tries do leave traces in the history.
func (in ParkInput) backoff(n int32) Backoff {
	b := Backoff{First: parkedOften, Max: 10 * time.Minute, Factor: 2}
	if n > parkedLooks {
		b.First = parkedSeldom
	}
	return b
}

// WaitUntilUnparked returns when a payment's turn has come: after its operator is back, at the
// payment's own place on the ramp. While the operator is away one payment after the
// other is let go to see. It asks to be run again until then, so that waiting leaves no
// trace in the history.
func (a *SubmitActivities) WaitUntilUnparked(ctx context.Context, in ParkInput) (bool, error) {
	h, err := a.breaker(ctx, in.Operator)
	if err != nil {
		return false, activityError(err)
	}
	now := a.Clock.Now()
	if !h.Available() {
		if _, may := h.Probing(now); may {
			return true, nil // whoever submits first claims the probe, the others park again
		}
		wait := in.backoff(activity.GetInfo(ctx).Attempt).Wait(in.Tried+1, a.chance())
		return false, retryIn(wait, "operator "+string(in.Operator)+" is away: "+h.LastFailure)
	}
	instance, err := a.instanceOf(in.Operator)
	if err != nil {
		return false, activityError(err)
	}
	ramp := h.Ramp(instance.CallsPerSecond)
	if turn := ramp.From.Add(place(in.PaymentID, ramp.Over)); now.Before(turn) {
		return false, retryIn(turn.Sub(now), "operator "+string(in.Operator)+" is back; coming back slowly")
	}
	return true, nil
}

// place returns where on a ramp a payment's place is: always the same for one payment,
// and further apart at the ramp's beginning than at its end.
func place(id pirogue.PaymentID, over time.Duration) time.Duration {
	hash := fnv.New64a()
	hash.Write([]byte(id))
	share := float64(hash.Sum64()%placesOfRamp) / placesOfRamp
	return time.Duration(math.Sqrt(share) * float64(over))
}

// placesOfRamp counts the places of a ramp.
const placesOfRamp = 1 << 20
