package api

import (
	"bytes"
	_ "embed" // the pages are part of the program
	"fmt"
	"html/template"
	"net/http"

	"github.com/gin-gonic/gin"

	"pirogue"
)

// errorsPath is where doc_url leads.
const errorsPath = "/docs/errors"

// The pages as they are written.
var (
	//go:embed openapi.yaml
	openapiYAML []byte
	//go:embed pages/style.css
	styleCSS []byte
	//go:embed pages/index.html
	indexHTML []byte
	//go:embed pages/return.html
	returnHTML []byte
	//go:embed pages/errors.html.tmpl
	errorsTemplate string
)

// document is one page, ready to be sent.
type document struct {
	kind string // its content type
	body []byte
}

// pages is everything a visitor without a key can read.
type pages struct {
	index, errors, style, openapi document
	back                          document // where a customer lands whose merchant named no page
}

// renderPages fills the table of errors in. It fails when the template is wrong.
func renderPages() (pages, error) {
	layout, err := template.New("errors").Parse(errorsTemplate)
	if err != nil {
		return pages{}, fmt.Errorf("api: parse the page of errors: %w", err)
	}
	var filled bytes.Buffer
	if err := layout.Execute(&filled, pirogue.Codes); err != nil {
		return pages{}, fmt.Errorf("api: fill the page of errors: %w", err)
	}
	const html = "text/html; charset=utf-8"
	return pages{
		index:   document{html, indexHTML},
		back:    document{html, returnHTML},
		errors:  document{html, filled.Bytes()},
		style:   document{"text/css; charset=utf-8", styleCSS},
		openapi: document{"application/yaml; charset=utf-8", openapiYAML},
	}, nil
}

// page serves a document. It runs no script and may be framed by nobody.
func (s *Server) page(d document) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Header("Content-Language", "fr, en")
		c.Header("Cache-Control", "public, max-age=300")
		c.Header("Content-Security-Policy",
			"default-src 'self'; script-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		c.Header("Referrer-Policy", "no-referrer")
		c.Data(http.StatusOK, d.kind, d.body)
	}
}
