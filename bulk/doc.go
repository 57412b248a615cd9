// Package bulk holds a merchant's file of cash-outs: its lines, its states and its progress.
package bulk
