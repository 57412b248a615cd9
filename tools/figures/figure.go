package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A sample is one measured thing: where it stands and how much of it there is.
type sample struct {
	at    string // path:line and name
	value float64
}

// A bound is one limit of a figure: the share of the samples that must lie within it.
type bound struct {
	name     string  // median, p95, max
	quantile float64 // 0.5, 0.95, 1
	limit    float64
}

// A figure is a measured distribution with its bounds, or one number if it has one sample.
type figure struct {
	name      string
	samples   []sample // sorted by value
	offenders []sample // named when the figure is not held; the largest last
	bounds    []bound
	least     float64 // the smallest value allowed; only for single numbers
	unit      string
}

func distribution(name string, samples []sample, bounds ...bound) figure {
	slices.SortFunc(samples, func(a, b sample) int { return cmp.Compare(a.value, b.value) })
	return figure{name: name, samples: samples, offenders: samples, bounds: bounds}
}

func single(name string, value, least, most float64, unit string) figure {
	return figure{
		name: name, samples: []sample{{value: value}}, bounds: []bound{{quantile: 1, limit: most}},
		least: least, unit: unit,
	}
}

// none is a figure that must be 0: it counts the samples.
func none(name string, samples []sample) figure {
	f := single(name, float64(len(samples)), 0, 0, "")
	f.offenders = samples
	return f
}

func median(limit float64) bound { return bound{"median", 0.5, limit} }
func p95(limit float64) bound    { return bound{"p95", 0.95, limit} }
func most(limit float64) bound   { return bound{"max", 1, limit} }

// at returns the value below which the given share of the samples lies.
func (f figure) at(quantile float64) float64 {
	if len(f.samples) == 0 {
		return 0
	}
	i := int(math.Ceil(quantile*float64(len(f.samples)))) - 1
	return f.samples[max(i, 0)].value
}

func (f figure) held() bool {
	for _, b := range f.bounds {
		if f.at(b.quantile) > b.limit || f.at(b.quantile) < f.least {
			return false
		}
	}
	return true
}

func (f figure) measured() string {
	var parts []string
	for _, b := range f.bounds {
		parts = append(parts, strings.TrimSpace(b.name+" "+number(f.at(b.quantile))))
	}
	return strings.Join(parts, ", ") + f.unit
}

func (f figure) limits() string {
	if f.least > 0 {
		return fmt.Sprintf("%s to %s%s", number(f.least), number(f.bounds[0].limit), f.unit)
	}
	var parts []string
	for _, b := range f.bounds {
		parts = append(parts, number(b.limit))
	}
	if len(f.bounds) == 1 && f.bounds[0].limit == 0 {
		return "none"
	}
	return "≤ " + strings.Join(parts, "/") + f.unit
}

// worst returns the n largest offenders.
func (f figure) worst(n int) []string {
	var list []string
	for _, s := range slices.Backward(f.offenders) {
		if len(list) == n {
			break
		}
		list = append(list, number(s.value)+"  "+s.at)
	}
	return list
}

func number(v float64) string {
	if v == math.Trunc(v) {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.1f", v)
}
