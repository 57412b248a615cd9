package sonatel

import (
	"fmt"

	"github.com/piglig/go-qr"
)

// The form of a QR code. Version 5 has 37 modules a side; at the lowest error correction it
// holds 106 bytes.
const (
	qrVersion = 5
	qrMask    = 0
	qrPixels  = 6 // per module
	qrMargin  = 4 // white modules on every side, which readers need
)

// maxPublicURL leaves room for the longest link: the path and a code's id.
const maxPublicURL = 60

// drawQR returns the PNG of a QR code for a text. It returns an error for a text that does
// not fit.
func drawQR(text string) ([]byte, error) {
	segment, err := go_qr.MakeBytes([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("draw a QR code: %w", err)
	}
	code, err := go_qr.EncodeSegments([]*go_qr.QrSegment{segment}, go_qr.Low, qrVersion, qrVersion, qrMask, false)
	if err != nil {
		return nil, fmt.Errorf("draw a QR code: %w", err)
	}
	return code.ToPNGBytes(go_qr.NewQrCodeImgConfig(qrPixels, qrMargin))
}
