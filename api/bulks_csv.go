package api

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/bulk"
)

// The mistakes of a file as a whole.
var (
	notUTF8    = pirogue.LocalizedText{FR: "Le fichier n'est pas en UTF-8.", EN: "The file is not UTF-8."}
	badQuotes  = pirogue.LocalizedText{FR: "Guillemets mal placés (RFC 4180).", EN: "Misplaced quotes (RFC 4180)."}
	badColumns = pirogue.LocalizedText{
		FR: "Pas le nombre de cellules de l'en-tête.",
		EN: "Not as many cells as in the header.",
	}
	wrongHeader = pirogue.LocalizedText{
		FR: "Colonne inconnue ou présente deux fois.",
		EN: "A column is unknown or there twice.",
	}
	emptyTable = pirogue.LocalizedText{
		FR: "De 1 à 10 000 lignes sous l'en-tête.",
		EN: "From 1 to 10,000 lines below the header.",
	}
)

// csvFields lists the columns that a file may have. Metadata has no column.
var csvFields = slices.DeleteFunc(slices.Clone(requestFields[pirogue.CashOut]), func(field string) bool {
	return field == "metadata"
})

// tableError returns an error about a file: a mistake with its text.
func (lang uiLanguage) tableError(mistake pirogue.Param, text pirogue.LocalizedText) error {
	mistake.Message = lang.of(text)
	return &pirogue.Error{Code: mistake.Code, Params: []pirogue.Param{mistake}, Err: errors.New(text.EN)}
}

// inFile returns a mistake of the file as a whole, at one of its lines.
func inFile(line int) pirogue.Param {
	return pirogue.Param{Field: "file", Code: pirogue.InvalidParameter, Line: line}
}

// inLines returns a wrong number of lines in a file, noticed at one of them.
func inLines(line int) pirogue.Param {
	return pirogue.Param{Field: "lines", Code: pirogue.InvalidParameter, Line: line}
}

// readTable reads the lines of a CSV: RFC 4180 in UTF-8, with an optional byte order mark. The
// header decides between commas and semicolons. It fails with InvalidParameter and the file's line,
// and with UnknownField for an unknown column.
func readTable(body []byte, lang uiLanguage) ([]writtenLine, error) {
	if !utf8.Valid(body) {
		return nil, lang.tableError(inFile(lineOfBadByte(body)), notUTF8)
	}
	body = bytes.TrimPrefix(body, []byte(byteOrderMark))
	r := csv.NewReader(bytes.NewReader(body))
	r.FieldsPerRecord = -1 // compared below, so that one short line does not hide the mistakes of others
	r.ReuseRecord = true
	header, _, _ := bytes.Cut(body, []byte{'\n'})
	if bytes.IndexByte(header, ';') >= 0 {
		r.Comma = ';'
	}
	columns, err := readHeader(r, lang)
	if err != nil {
		return nil, err
	}
	var all []writtenLine
	var wrong mistakes
	for !wrong.full() {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, unreadable(err, lang)
		}
		at, _ := r.FieldPos(0)
		if len(all) == bulk.MaxBulkLines {
			return nil, lang.tableError(inLines(at), emptyTable)
		}
		if len(record) != len(columns) {
			wrong.params = append(wrong.params, pirogue.Param{
				Field: "file", Code: pirogue.InvalidParameter, Line: at, Message: lang.of(badColumns),
			})
		}
		all = append(all, row(columns, record, at))
	}
	if len(all) == 0 {
		return nil, lang.tableError(inLines(1), emptyTable)
	}
	return all, wrong.err()
}

// readHeader reads the names of the columns. It fails for a name that is unknown or given twice.
func readHeader(r *csv.Reader, lang uiLanguage) ([]string, error) {
	record, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, lang.tableError(inLines(1), emptyTable)
	}
	if err != nil {
		return nil, unreadable(err, lang)
	}
	columns := slices.Clone(record)
	for i, column := range columns {
		if !slices.Contains(csvFields, column) || slices.Contains(columns[:i], column) {
			return nil, lang.tableError(pirogue.Param{Field: column, Code: pirogue.UnknownField, Line: 1}, wrongHeader)
		}
	}
	return columns, nil
}

// row returns a line of the file as an object of its non-empty cells.
func row(columns, record []string, at int) writtenLine {
	o := httpkit.Object{Values: map[string]any{}}
	for i, column := range columns[:min(len(columns), len(record))] {
		if value, some := cell(column, record[i]); some {
			o.Names = append(o.Names, column)
			o.Values[column] = value
		}
	}
	return writtenLine{Object: o, at: at}
}

// cell returns a cell's value as in JSON: an amount is a number. It is false for an empty cell,
// which counts as absent.
func cell(column, text string) (any, bool) {
	if text == "" {
		return nil, false
	}
	if n, err := strconv.ParseInt(text, 10, 64); column == "amount" && err == nil && number(n) == text {
		return json.Number(text), true
	}
	return text, true
}

// unreadable returns the error for wrong quotes, with the file's line.
func unreadable(err error, lang uiLanguage) error {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return pirogue.Errorf(pirogue.Internal, "read a CSV in memory: %w", err)
	}
	return lang.tableError(inFile(parse.Line), badQuotes)
}

// lineOfBadByte returns the line of the first byte that is not UTF-8.
func lineOfBadByte(body []byte) int {
	line := 1
	for len(body) > 0 {
		r, size := utf8.DecodeRune(body)
		switch {
		case r == utf8.RuneError && size == 1:
			return line
		case r == '\n':
			line++
		}
		body = body[size:]
	}
	return line
}
