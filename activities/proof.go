package activities

import (
	"time"

	"pirogue"
	"pirogue/operator"
)

const (
	// confirmations counts the equal refusals after which a payment that takes money from us is
	// FAILED. At least confirmSpan lies between the first and the last, because a status may flap.
	// An operator that calls failed what it does not know yet has a longer span of its own.
	confirmations = 2
	confirmSpan   = 5 * time.Second
	// absences counts the results "not known" in a row that are evidence. The last must come after
	// the finality window.
	absences = 3
)

// provenOutcome returns what an operator's answer about a payment proves. About money that comes
// in, it proves what it says, but that it does not know the payment yet. About money that
// leaves us, success too; but that it did not leave takes more than one answer, and until
// then the payment is pending.
func (a *core) provenOutcome(c statusCheck, e pirogue.Evidence, said pirogue.Outcome) pirogue.Outcome {
	attempt, candidate, moneyOut := c.attempt, c.Candidate, c.payment.Kind.MoneyOut()
	switch {
	case said == pirogue.OutcomePaid:
		return said
	case !moneyOut && said == pirogue.OutcomeAbsent: // the customer's time is not over
		return pirogue.OutcomePending
	case !moneyOut:
		return said
	case candidate.Operator != attempt.Operator: // another operator's promises
		return pirogue.OutcomePending
	}
	now := a.Clock.Now()
	confirmed := e.Outcome == said && e.Times >= confirmations && now.Sub(e.Since) >= span(candidate)
	switch said {
	case pirogue.OutcomeDeclined, pirogue.OutcomeExpired:
		if confirmed {
			return said
		}
	case pirogue.OutcomeAbsent:
		refused := attempt.State == pirogue.AttemptRefused && confirmed
		if refused || candidate.AbsenceProves && a.absenceProven(attempt, e, candidate) {
			return pirogue.OutcomeDeclined
		}
	case pirogue.OutcomePending, pirogue.OutcomePaid, pirogue.OutcomeNotSent:
	}
	return pirogue.OutcomePending
}

// absenceProven reports whether the operator, past its finality window, has said often enough that it
// does not know an attempt.
func (a *core) absenceProven(attempt pirogue.Attempt, e pirogue.Evidence, candidate operator.RouteCandidate) bool {
	return e.Outcome == pirogue.OutcomeAbsent && e.Times >= absences &&
		!attempt.SentAt.IsZero() && !a.Clock.Now().Before(attempt.SentAt.Add(candidate.FinalityWindow))
}

// provenDead reports whether an attempt's row proves that it can have no effect any more: absence
// proves it at this operator, and all the absences that count came past its finality window. That a
// person asks for another attempt changes nothing about the proof.
func (a *core) provenDead(attempt pirogue.Attempt, candidate operator.RouteCandidate) bool {
	return candidate.AbsenceProves && lost(attempt) && candidate.Operator == attempt.Operator &&
		a.absenceProven(attempt, attempt.Evidence, candidate) &&
		!attempt.Evidence.Since.Before(attempt.SentAt.Add(candidate.FinalityWindow))
}

// lost reports whether an attempt may be at its operator without an answer.
func lost(attempt pirogue.Attempt) bool {
	return attempt.State == pirogue.AttemptSent || attempt.State == pirogue.AttemptUnknown
}

// ProofSpan returns how long at least it takes to hear an end of an operator often enough to
// believe it.
func ProofSpan(candidate operator.RouteCandidate) time.Duration {
	return 2*span(candidate) + candidate.CallTimeout + time.Minute
}

// span returns the time that must lie between two equal refusals of an operator.
func span(candidate operator.RouteCandidate) time.Duration {
	return max(confirmSpan, candidate.RefusalSpan)
}
