// Package workflows tells the story of each kind of payment, one file per story.
//
// A workflow decides and waits; it never touches a clock, a network or a database
// except through an activity. Read one top to bottom and you know what the business
// does. A refusal is a result, never a failed workflow: a workflow that fails is a
// bug.
package workflows
