package stage

import (
	"embed"
	"io/fs"
	"net/http"
	"regexp"
	"time"
)

//go:embed checkout.html checkout.css
var checkoutFiles embed.FS

const assetsMaxAge = "public, max-age=300" // seconds

// The faces of a Checkout.
const (
	FaceForm      = "form"
	FacePending   = "pending"
	FacePaid      = "paid"
	FaceFailed    = "failed"
	FaceExpired   = "expired"
	FaceCancelled = "cancelled"
	FaceUnknown   = "unknown"
	FaceDown      = "down"
)

// Checkout is a page on which a customer pays by typing a number and a code, and which
// shows how it ended.
type Checkout struct {
	page  Page
	style []byte
	own   fs.FS
}

// NewCheckout returns the checkout of an operator. own has assets/page.css, which sets the
// colours of the page, and its drawings beside it, assets/mark.svg above all.
func NewCheckout(own fs.FS) (Checkout, error) {
	style, err := checkoutFiles.ReadFile("checkout.css")
	if err != nil {
		return Checkout{}, err
	}
	colours, err := fs.ReadFile(own, "assets/page.css")
	// Its policy says nothing of form-action: browsers apply it to the whole chain of
	// redirects after "cancel", and the end of that chain belongs to the merchant.
	return Checkout{LinkedPage(checkoutFiles, "checkout.html", ""), append(style, colours...), own}, err
}

// CheckoutView is what a checkout shows.
type CheckoutView struct {
	T                       any    // CheckoutWords and OperatorsWords in one
	Up                      string // from the page to the base path: ../
	Face                    string
	Title, Text             string // of every face but the form
	Merchant, Amount, Order string
	TxnID                   string
	MinutesLeft             int
	MSISDN                  string
	CodeField, CodeHint     string // the name of the field, and what to type there
	Problem                 string // that no field has a part in
	NumberError, CodeError  string
	Next                    string // where the way on leads; empty for nowhere
}

// MinutesLeft is how long something is still good; the last minute counts as one.
func MinutesLeft(left time.Duration) int { return int((left + time.Minute - 1) / time.Minute) }

// Render writes the page.
func (c Checkout) Render(w http.ResponseWriter, status int, lang string, view CheckoutView) {
	c.page.Render(w, status, lang, view)
}

// ServeAsset serves the style and the drawings of the page at assets/{file}.
func (c Checkout) ServeAsset(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", assetsMaxAge)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.PathValue("file") == "page.css" {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Write(c.style)
		return
	}
	http.FileServerFS(c.own).ServeHTTP(w, r)
}

// bareDigits is a number without what people put between digits.
var bareDigits = regexp.MustCompile(`^\+?[0-9]{8,15}$`)

// CompleteNumber reports whether a bare number has all its digits; see BareNumber.
func CompleteNumber(bare string) bool { return bareDigits.MatchString(bare) }
