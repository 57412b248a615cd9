package support

import (
	"time"
)

// Role is the set of permissions of an admin token.
type Role string

// The roles. Each includes the permissions of the one before.
const (
	RoleReader  Role = "reader"  // find, list, read
	RoleSupport Role = "support" // recheck, redrive, resend
	RoleFinance Role = "finance" // resolve, settle merchants, change fees and addresses
)

// May reports whether r includes the permissions of other.
func (r Role) May(other Role) bool {
	rank := map[Role]int{RoleReader: 1, RoleSupport: 2, RoleFinance: 3}
	return rank[r] > 0 && rank[r] >= rank[other]
}

// AdminToken lets a person use the admin API. Its secret is shown once, when it is made, and stored
// nowhere.
type AdminToken struct {
	Name      string // the person, as the audit log names them
	Role      Role
	CreatedAt time.Time
	RevokedAt time.Time // zero: in force
}
