package sonatel

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
)

// TestAQRCodeReadsBack decodes drawn codes. It does not search for them, because their
// place is known.
func TestAQRCodeReadsBack(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"x", "http://127.0.0.1:8090/sonatel/qr/ABCDEFGHIJKLMNOPQRSTUVWXYZ", strings.Repeat("é", 53),
	} {
		if got := readQR(t, text); got != text {
			t.Errorf("%q reads as %q", text, got)
		}
	}
	if _, err := drawQR(strings.Repeat("x", 107)); err == nil {
		t.Error("a text that does not fit is drawn")
	}
}

// TestAQRCodeLooksAsTheStandardSays compares the corner of a code, and the bits for its
// level and its mask.
func TestAQRCodeLooksAsTheStandardSays(t *testing.T) {
	t.Parallel()
	dark := modules(t, "x")
	for row, line := range []string{
		"#######.", "#.....#.", "#.###.#.", "#.###.#.", "#.###.#.", "#.....#.", "#######.", "........",
	} {
		for column, sign := range line {
			if dark[row][column] != (sign == '#') {
				t.Errorf("row %d, column %d is wrong", row, column)
			}
		}
	}
	const format = 0b111011111000100 // L, mask 0, from the standard's table
	for i := range 6 {
		if dark[i][8] != (format>>i&1 == 1) {
			t.Errorf("bit %d of the format is wrong", i)
		}
	}
}

// modules draws a text and returns the code's modules in the picture.
func modules(t *testing.T, text string) [37][37]bool {
	t.Helper()
	raw, err := drawQR(text)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var dark [37][37]bool
	for row := range dark {
		for column := range dark[row] {
			level, _, _, _ := picture.At((column+4)*6+3, (row+4)*6+3).RGBA()
			dark[row][column] = level == 0
		}
	}
	return dark
}

// readQR draws a text, reads the modules upwards and downwards and returns the decoded
// text.
func readQR(t *testing.T, text string) string {
	t.Helper()
	dark := modules(t, text)
	reserved := func(r, c int) bool {
		corner := r < 9 && (c < 9 || c > 28) || r > 28 && c < 9
		return corner || r == 6 || c == 6 || r >= 28 && r <= 32 && c >= 28 && c <= 32
	}
	var bits []byte
	columns := []int{36, 34, 32, 30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 5, 3, 1}
	for i, right := range columns {
		for step := range 37 {
			row := step
			if i%2 == 0 {
				row = 36 - step
			}
			for _, column := range []int{right, right - 1} {
				if !reserved(row, column) {
					bit := byte(0)
					if dark[row][column] != ((row+column)%2 == 0) {
						bit = 1
					}
					bits = append(bits, bit)
				}
			}
		}
	}
	number := func(from, size int) (n int) {
		for _, bit := range bits[from : from+size] {
			n = n<<1 | int(bit)
		}
		return n
	}
	if mode := number(0, 4); mode != 4 {
		t.Fatalf("the mode is %d, not bytes", mode)
	}
	read := make([]byte, number(4, 8))
	for i := range read {
		read[i] = byte(number(12+8*i, 8))
	}
	return string(read)
}
