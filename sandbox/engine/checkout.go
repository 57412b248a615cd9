package engine

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

// Checkout is a page on which a customer pays by typing a number and a code. It also shows
// the result.
type Checkout struct {
	page  Page
	style []byte
	own   fs.FS
}

// NewCheckout returns the checkout of an operator. own holds assets/page.css, which sets
// the colours of the page, and its drawings, above all assets/mark.svg.
func NewCheckout(own fs.FS) (Checkout, error) {
	style, err := checkoutFiles.ReadFile("checkout.css")
	if err != nil {
		return Checkout{}, err
	}
	colours, err := fs.ReadFile(own, "assets/page.css")
	// The policy omits form-action. Browsers apply it to all redirects after "cancel", and the
	// last of them leads to the merchant.
	return Checkout{LinkedPage(checkoutFiles, "checkout.html", ""), append(style, colours...), own}, err
}

// CheckoutView is the content of a checkout.
type CheckoutView struct {
	T                       any    // CheckoutTexts and OperatorTexts in one
	Lang                    string // the language of T
	Up                      string // the path from the page to the base path: ../
	Face                    string
	Title, Text             string // of every face but the form
	Merchant, Amount, Order string
	TxnID                   string
	MinutesLeft             int
	MSISDN                  string
	CodeField, CodeHint     string // the name of the field, and its hint
	Problem                 string // a problem that belongs to no field
	NumberError, CodeError  string
	Next                    string // the address of the link that leads on; empty for none
}

// MinutesLeft returns the minutes left, rounded up.
func MinutesLeft(left time.Duration) int { return int((left + time.Minute - 1) / time.Minute) }

// Render writes the page in the language of the view.
func (c Checkout) Render(w http.ResponseWriter, status int, view CheckoutView) {
	c.page.In(view.Lang).Render(w, status, view)
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

// completeNumber matches a number without the separators that people type.
var completeNumber = regexp.MustCompile(`^\+?[0-9]{8,15}$`)

// IsCompleteNumber reports whether a bare number has all its digits; see StripNumber.
func IsCompleteNumber(bare string) bool { return completeNumber.MatchString(bare) }
