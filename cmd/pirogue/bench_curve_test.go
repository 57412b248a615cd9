package main

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// The size of the curve's picture, in pixels.
const (
	curveWidth  = 720
	curveHeight = 400
	curveMargin = 60
)

// curvePicture returns an SVG. Payments a second grow from left to right. The time from POST to webhook
// grows from bottom to top, on a logarithmic scale. Each point bears its number of callers.
func curvePicture(points []point) string {
	most, slowest, fastest := 0.0, time.Duration(0), time.Hour
	for _, p := range points {
		most, slowest, fastest = max(most, p.perSecond), max(slowest, p.p99), min(fastest, p.p50)
	}
	x := func(perSecond float64) float64 {
		return curveMargin + perSecond/most*(curveWidth-2*curveMargin)
	}
	low, high := math.Floor(math.Log10(fastest.Seconds())), math.Ceil(math.Log10(slowest.Seconds()))
	y := func(seconds float64) float64 {
		return curveHeight - curveMargin - (math.Log10(seconds)-low)/(high-low)*(curveHeight-2*curveMargin)
	}
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">
<rect width="100%%" height="100%%" fill="white"/>
`, curveWidth, curveHeight)
	for exponent := low; exponent <= high; exponent++ {
		at := y(math.Pow(10, exponent))
		fmt.Fprintf(&svg, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="8" y="%.1f">%v</text>`+"\n",
			curveMargin, curveWidth-curveMargin, at, at, at+4, time.Duration(math.Pow(10, exponent)*float64(time.Second)))
	}
	line := func(colour string, of func(point) time.Duration) {
		fmt.Fprintf(&svg, `<polyline fill="none" stroke="%s" stroke-width="2" points="`, colour)
		for _, p := range points {
			fmt.Fprintf(&svg, "%.1f,%.1f ", x(p.perSecond), y(of(p).Seconds()))
		}
		fmt.Fprintln(&svg, `"/>`)
	}
	line("#1f77b4", func(p point) time.Duration { return p.p50 })
	line("#d62728", func(p point) time.Duration { return p.p99 })
	for _, p := range points {
		fmt.Fprintf(&svg, `<circle cx="%.1f" cy="%.1f" r="3" fill="#d62728"/><text x="%.1f" y="%.1f">%d</text>`+"\n",
			x(p.perSecond), y(p.p99.Seconds()), x(p.perSecond)+5, y(p.p99.Seconds())-6, p.callers)
	}
	fmt.Fprintf(&svg, `<text x="%d" y="%d">payments/s, up to %.1f; the numbers are callers at once</text>
<text x="8" y="20">POST to webhook: <tspan fill="#1f77b4">p50</tspan>, <tspan fill="#d62728">p99</tspan></text>
</svg>
`, curveMargin, curveHeight-16, most)
	return svg.String()
}
