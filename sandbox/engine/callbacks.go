package engine

import "context"

// NotifyAgain sends the callback of an order once more, as an operator does on request.
func (c *courses) NotifyAgain(o Order) { c.notify(o, 1) }

// notify sends the callback of an order. The number and the switches decide how often and how
// late.
func (c *courses) notify(o Order, copies int) {
	c.Notify(func() { c.send(o, copies) })
}

// send queues the callback of an order, unless notifications are off at that time.
func (c *courses) send(o Order, copies int) {
	switches := c.Faults.Read()
	if msg, wanted := c.message(o); wanted && !switches.NotificationsOff {
		msg.Copies = copies * switches.NotificationCopies
		c.Notifier.Enqueue(msg)
	}
}

// notifyNow sends the callback of an order and waits for the response, even if the caller
// disconnects. It returns false if callbacks are delayed: a delayed one must not arrive
// before the response.
func (c *courses) notifyNow(ctx context.Context, o Order) bool {
	if c.DelaysNotifications() {
		return false
	}
	if msg, wanted := c.message(o); wanted && !c.Faults.Read().NotificationsOff {
		c.Notifier.Deliver(context.WithoutCancel(ctx), msg)
	}
	return true
}

// message returns the callback of an order, and false if there is none. Each copy sent is
// counted.
func (c *courses) message(o Order) (Notification, bool) {
	if c.options.Callback == nil {
		return Notification{}, false
	}
	msg := c.options.Callback(o)
	answered := msg.OnResponse
	msg.OnResponse = func(status int) {
		c.count(o.ID)
		if answered != nil {
			answered(status)
		}
	}
	return msg, msg.URL != ""
}

// count adds one to the callbacks of an order.
func (c *courses) count(id string) {
	_, err := c.alter(id, func(o *Order) bool {
		o.Callbacks++
		return true
	})
	if err != nil {
		c.Log.Error("callback not counted", "error", err)
	}
}
