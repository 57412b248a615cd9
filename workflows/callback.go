package workflows

import "go.temporal.io/sdk/workflow"

// maxCallbacks limits the callbacks of one payment that each lead to a status call. An operator
// sends a handful; polling goes on without the others.
const maxCallbacks = 50

// callbackInbox holds the callbacks of a payment's operator that wait. A callback carries nothing:
// it is a reason to ask for the status.
type callbackInbox struct {
	channel workflow.ReceiveChannel
	taken   int // callbacks that led to a status call
}

// isOpen reports whether another callback still leads to a status call.
func (c *callbackInbox) isOpen() bool { return c.taken < maxCallbacks }

// hasAny reports whether a callback waits that leads to a status call.
func (c *callbackInbox) hasAny() bool { return c.isOpen() && c.channel.Len() > 0 }

// take takes all callbacks that wait and reports whether they lead to a status call. Several at
// once lead to one.
func (c *callbackInbox) take() bool {
	received := false
	for c.channel.ReceiveAsync(nil) {
		received = true
	}
	if !received || !c.isOpen() {
		return false
	}
	c.taken++
	return true
}
