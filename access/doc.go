// Package access holds the credentials that open the merchant API: keys, secrets, used signatures, and
// the owner on whose behalf a request acts.
package access
