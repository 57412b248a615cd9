package api

import (
	"golang.org/x/text/language"

	"pirogue"
)

// uiLanguage is a language of the API.
type uiLanguage string

// The two languages. French is the default.
const (
	french  uiLanguage = "fr"
	english uiLanguage = "en"
)

// maxAccept bounds an Accept-Language header, in characters; a browser's has about 50. A longer one
// counts as absent.
const maxAccept = 256

// languages lists the languages in the order of matcher's indexes, the default first.
var languages = []uiLanguage{french, english}

// matcher maps regional languages to ours: en-GB to English, fr-ML to French.
var matcher = language.NewMatcher([]language.Tag{language.French, language.English})

// languageOf returns the language for a response. It is the default when the header accepts neither
// language.
func languageOf(accept string) uiLanguage {
	if len(accept) > maxAccept {
		return french
	}
	wanted, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return french
	}
	_, index, _ := matcher.Match(wanted...)
	return languages[index]
}

// of returns the text in this language.
func (t uiLanguage) of(text pirogue.LocalizedText) string {
	if t == english {
		return text.EN
	}
	return text.FR
}
