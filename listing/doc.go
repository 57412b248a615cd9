// Package listing holds the filters and rows of a merchant's lists and exports.
package listing
