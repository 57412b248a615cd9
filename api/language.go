package api

import (
	"golang.org/x/text/language"

	"pirogue"
)

// tongue is a language that Pirogue speaks.
type tongue string

// The two languages. French is the default.
const (
	french  tongue = "fr"
	english tongue = "en"
)

// maxAccept is the longest Accept-Language worth reading; a browser's has about 50
// characters.
const maxAccept = 256

// tongues is what we speak, best first, as matcher numbers it.
var tongues = []tongue{french, english}

// matcher knows that en-GB is English and that fr-ML is French.
var matcher = language.NewMatcher([]language.Tag{language.French, language.English})

// tongueOf chooses the language of an answer: the first one when none is wanted that
// we speak.
func tongueOf(accept string) tongue {
	if len(accept) > maxAccept {
		return french
	}
	wanted, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return french
	}
	_, index, _ := matcher.Match(wanted...)
	return tongues[index]
}

// of returns the sentence in this language.
func (t tongue) of(text pirogue.Text) string {
	if t == english {
		return text.EN
	}
	return text.FR
}
