package api

import (
	"bytes"
	_ "embed" // the pages are compiled into the program
	"fmt"
	"html/template"
	"net/http"

	"github.com/gin-gonic/gin"

	"pirogue/api/httpkit"
)

// errorsPath is the page to which doc_url links.
const errorsPath = "/docs/errors"

// The sources of the pages.
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

// document is one rendered page.
type document struct {
	kind string // its content type
	body []byte
}

// pages holds every page that needs no key.
type pages struct {
	index, errors, style, openapi document
	returnPage                    document // shown to a customer whose merchant named no return page
}

// renderPages fills the table of errors into its page. It fails when the template is wrong.
func renderPages() (pages, error) {
	layout, err := template.New("errors").Parse(errorsTemplate)
	if err != nil {
		return pages{}, fmt.Errorf("api: parse the page of errors: %w", err)
	}
	var filled bytes.Buffer
	if err := layout.Execute(&filled, httpkit.Codes); err != nil {
		return pages{}, fmt.Errorf("api: fill the page of errors: %w", err)
	}
	const html = "text/html; charset=utf-8"
	return pages{
		index:      document{html, indexHTML},
		returnPage: document{html, returnHTML},
		errors:     document{html, filled.Bytes()},
		style:      document{"text/css; charset=utf-8", styleCSS},
		openapi:    document{"application/yaml; charset=utf-8", openapiYAML},
	}, nil
}

// servePage serves a document. Its headers forbid scripts, and frames on any site.
func servePage(d document) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Header("Content-Language", "fr, en")
		c.Header("Cache-Control", "public, max-age=300")
		c.Header("Content-Security-Policy",
			"default-src 'self'; script-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		c.Header("Referrer-Policy", "no-referrer")
		c.Data(http.StatusOK, d.kind, d.body)
	}
}

// register adds the pages.
func (p pages) register(engine *gin.Engine) {
	engine.GET("/", servePage(p.index))
	engine.GET(errorsPath, servePage(p.errors))
	engine.GET("/docs/return", servePage(p.returnPage))
	engine.GET("/docs/style.css", servePage(p.style))
	engine.GET("/openapi.yaml", servePage(p.openapi))
}
