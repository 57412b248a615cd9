package sonatel

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
)

// The only kind of QR code drawn here (ISO/IEC 18004) is version 5, 37 modules a side. It
// has the lowest error correction, mask 0, and bytes. One block holds all of it, so nothing
// is interleaved, and every reader can read it.
const (
	qrVersion   = 5
	qrSide      = 17 + 4*qrVersion
	qrData      = 108    // bytes of data; the header takes two and a half of them
	qrCheck     = 26     // bytes of error correction
	qrFormat    = 0x77C4 // level L and mask 0, with their own error correction
	qrAlignment = qrSide - 7

	qrPixels = 6 // per module
	qrMargin = 4 // white modules on every side
)

// maxQRText is the longest text in a code, in bytes.
const maxQRText = qrData - 2

// maxPublicURL leaves room for the longest link: the path and a code's id.
const maxPublicURL = 60

// drawQR returns the PNG of a QR code for a text. It returns an error for a text over
// maxQRText.
func drawQR(text string) ([]byte, error) {
	if len(text) > maxQRText {
		return nil, fmt.Errorf("%d bytes do not fit into a QR code of %d", len(text), maxQRText)
	}
	var q qrMatrix
	q.drawPatterns()
	q.drawFormat()
	q.drawBytes(withCheck(qrBytes(text)))
	var picture bytes.Buffer
	if err := png.Encode(&picture, q.image()); err != nil {
		return nil, fmt.Errorf("draw a QR code: %w", err)
	}
	return picture.Bytes(), nil
}

// qrBytes returns a text after its header (4 bits: bytes; 8 bits: length), padded as the
// standard requires.
func qrBytes(text string) []byte {
	size := byte(len(text)) //nolint:gosec // at most maxQRText
	data := []byte{0x40 | size>>4}
	rest := size << 4
	for _, b := range []byte(text) {
		data = append(data, rest|b>>4)
		rest = b << 4
	}
	data = append(data, rest)
	for filler := byte(0xEC); len(data) < qrData; filler ^= 0xEC ^ 0x11 {
		data = append(data, filler)
	}
	return data
}

// withCheck appends the Reed-Solomon bytes of data.
func withCheck(data []byte) []byte {
	// The generator polynomial, highest power left out: (x-1)(x-2)(x-4)…
	generator := make([]byte, qrCheck)
	generator[qrCheck-1] = 1
	root := byte(1)
	for range qrCheck {
		for i := range generator {
			generator[i] = times(generator[i], root)
			if i+1 < qrCheck {
				generator[i] ^= generator[i+1]
			}
		}
		root = times(root, 2)
	}
	// The remainder of the data divided by it.
	check := make([]byte, qrCheck)
	for _, b := range data {
		factor := b ^ check[0]
		check = append(check[1:], 0)
		for i, g := range generator {
			check[i] ^= times(g, factor)
		}
	}
	return append(data, check...)
}

// times multiplies in the field of QR codes, GF(2^8) modulo x^8+x^4+x^3+x^2+1.
func times(a, b byte) byte {
	product := 0
	for bit := 7; bit >= 0; bit-- {
		product = product<<1 ^ product>>7*0x11D
		product ^= int(b>>bit&1) * int(a)
	}
	return byte(product)
}

// qrMatrix holds the modules of a code, by row and column.
type qrMatrix struct {
	dark, taken [qrSide][qrSide]bool
}

// set draws a module that no data may use.
func (q *qrMatrix) set(row, column int, dark bool) {
	if row >= 0 && row < qrSide && column >= 0 && column < qrSide {
		q.dark[row][column], q.taken[row][column] = dark, true
	}
}

// drawPatterns draws the patterns by which a reader finds the code.
func (q *qrMatrix) drawPatterns() {
	for i := range qrSide {
		q.set(6, i, i%2 == 0)
		q.set(i, 6, i%2 == 0)
	}
	for _, corner := range [][2]int{{3, 3}, {3, qrSide - 4}, {qrSide - 4, 3}} {
		q.drawRings(corner[0], corner[1], 4, func(ring int) bool { return ring != 2 && ring != 4 })
	}
	q.drawRings(qrAlignment, qrAlignment, 2, func(ring int) bool { return ring != 1 })
}

// drawRings draws concentric squares around a centre, up to the ring out.
func (q *qrMatrix) drawRings(row, column, out int, dark func(ring int) bool) {
	for r := -out; r <= out; r++ {
		for c := -out; c <= out; c++ {
			q.set(row+r, column+c, dark(max(r, -r, c, -c)))
		}
	}
}

// drawFormat draws the level and the mask, twice.
func (q *qrMatrix) drawFormat() {
	bit := func(i int) bool { return qrFormat>>i&1 == 1 }
	for i := range 6 {
		q.set(i, 8, bit(i))
	}
	q.set(7, 8, bit(6))
	q.set(8, 8, bit(7))
	q.set(8, 7, bit(8))
	for i := 9; i < 15; i++ {
		q.set(8, 14-i, bit(i))
	}
	for i := range 8 {
		q.set(8, qrSide-1-i, bit(i))
	}
	for i := 8; i < 15; i++ {
		q.set(qrSide-15+i, 8, bit(i))
	}
	q.set(qrSide-8, 8, true)
}

// drawBytes draws data in columns of two, upwards and downwards in turn, under the mask.
// The few modules left over are white under the mask.
func (q *qrMatrix) drawBytes(data []byte) {
	n := 0
	up := true
	for right := qrSide - 1; right > 0; right -= 2 {
		if right == 6 {
			right-- // skips the timing pattern
		}
		for step := range qrSide {
			row := step
			if up {
				row = qrSide - 1 - step
			}
			n = q.drawPair(row, right, data, n)
		}
		up = !up
	}
}

// drawPair draws the next two bits in a row, on free modules.
func (q *qrMatrix) drawPair(row, right int, data []byte, n int) int {
	for _, column := range []int{right, right - 1} {
		if q.taken[row][column] {
			continue
		}
		bit := n/8 < len(data) && data[n/8]>>(7-n%8)&1 == 1
		q.dark[row][column] = bit != ((row+column)%2 == 0)
		n++
	}
	return n
}

// image draws the modules as squares, with the margin that readers need.
func (q *qrMatrix) image() image.Image {
	const side = (qrSide + 2*qrMargin) * qrPixels
	picture := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			row, column := y/qrPixels-qrMargin, x/qrPixels-qrMargin
			if row >= 0 && row < qrSide && column >= 0 && column < qrSide && q.dark[row][column] {
				picture.SetColorIndex(x, y, 1)
			}
		}
	}
	return picture
}
