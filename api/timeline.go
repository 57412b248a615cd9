package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"pirogue/api/httpkit"
	"pirogue/support"
)

// timelineRoutes serves the timelines of payments.
type timelineRoutes struct{ payments Payments }

// register adds the route.
func (h timelineRoutes) register(in routeGroup) { in.get("/payments/:transaction_id/timeline", h.get) }

// get responds with every event of a payment.
func (h timelineRoutes) get(c *gin.Context, rc *requestContext) error {
	if err := httpkit.ReadQuery(c.Request.URL.RawQuery).Err(); err != nil {
		return err
	}
	id, err := idOf(c, "transaction_id")
	if err != nil {
		return err
	}
	moments, err := h.payments.Timeline(rc.ctx, rc.owner(), id)
	if err != nil {
		return err
	}
	events := page[eventView]{Data: []eventView{}}
	for _, m := range moments {
		events.Data = append(events.Data, eventOf(m, rc.language))
	}
	c.JSON(http.StatusOK, events)
	return nil
}

// eventView is one line of a payment's timeline in the merchant API.
type eventView struct {
	At      string                    `json:"at"`
	Type    support.TimelineEntryType `json:"type"`
	Source  support.Source            `json:"source"`
	Message string                    `json:"message"`
	Details map[string]any            `json:"details"`
}

// eventOf returns the view of one line of a timeline, with its text in a language.
func eventOf(m support.TimelineEntry, lang uiLanguage) eventView {
	view := eventView{
		At: moment(m.At), Type: m.Type, Source: m.Source, Message: lang.of(support.TimelineTexts[m.Type]), Details: m.Details,
	}
	if view.Message == "" {
		view.Message = string(m.Type)
	}
	if view.Details == nil {
		view.Details = map[string]any{}
	}
	return view
}
