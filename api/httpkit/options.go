package httpkit

import "fmt"

// RequiredOptions lists options of a server that must be given.
type RequiredOptions []struct {
	Name    string
	Missing bool
}

// MissingOptions returns an error for each part of the store and each option that is missing. The
// errors begin with the package of the server.
func MissingOptions(pkg string, store []string, options RequiredOptions) []error {
	var mistakes []error
	for _, name := range store {
		mistakes = append(mistakes, fmt.Errorf("%s: Options.Store.%s is missing", pkg, name))
	}
	for _, option := range options {
		if option.Missing {
			mistakes = append(mistakes, fmt.Errorf("%s: Options.%s is missing", pkg, option.Name))
		}
	}
	return mistakes
}
