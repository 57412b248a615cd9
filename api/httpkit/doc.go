// Package httpkit holds the parts that the merchant API and the support API share.
package httpkit
