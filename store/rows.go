package store

import (
	"cmp"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"pirogue"
	"pirogue/vault"
)

// stampLayout is the format of times: RFC 3339 in UTC, always with six decimals. SQLite stores this
// text, which sorts and compares as time does. PostgreSQL reads it as a timestamptz, which keeps
// microseconds too.
const stampLayout = "2006-01-02T15:04:05.000000Z"

// The earliest and the latest time that both databases store and sort.
const (
	earliest timeText = "0001-01-01T00:00:00.000000Z"
	latest   timeText = "9999-12-31T23:59:59.999999Z"
)

// timeText is a time in stampLayout. "" is the zero time and is stored as NULL.
type timeText string

// timestamp returns the stamp of a time, cut to the microsecond. A merchant's filter or an operator's
// list may name a time outside the years 1 to 9999. It becomes the earliest or the latest one.
func timestamp(t time.Time) timeText {
	t = t.UTC()
	switch {
	case t.IsZero():
		return ""
	case t.Year() < 1:
		return earliest
	case t.Year() > 9999:
		return latest
	}
	return timeText(t.Format(stampLayout))
}

// Value implements driver.Valuer.
func (s timeText) Value() (driver.Value, error) {
	if s == "" {
		return nil, nil //nolint:nilnil // NULL is how driver.Valuer spells "no time"
	}
	return string(s), nil
}

// Scan implements sql.Scanner. It refuses text that is no time. PostgreSQL's times come in the zone of
// the connection or the machine.
func (s *timeText) Scan(kept any) error {
	switch kept := kept.(type) {
	case nil:
		*s = ""
		return nil
	case string:
		*s = timeText(kept)
		_, err := time.Parse(stampLayout, kept)
		return err
	case time.Time:
		*s = timeText(kept.UTC().Format(stampLayout))
		return nil
	default:
		return fmt.Errorf("a time is stored as a time or as text, not as %T", kept)
	}
}

// time returns the time of a stamp. Scan has verified the format.
func (s timeText) time() time.Time {
	t, err := time.Parse(stampLayout, string(s))
	if err != nil {
		return time.Time{}
	}
	return t
}

// orEarliest returns the stamp, or the earliest one instead of none. A list begins behind it.
func (s timeText) orEarliest() timeText { return cmp.Or(s, earliest) }

// proxyLink is the key of another row. "" is none and is stored as NULL.
type foreignKey string

// Value implements driver.Valuer.
func (l foreignKey) Value() (driver.Value, error) {
	if l == "" {
		return nil, nil //nolint:nilnil // NULL is how driver.Valuer spells "no row"
	}
	return string(l), nil
}

// Scan implements sql.Scanner.
func (l *foreignKey) Scan(kept any) error {
	switch kept := kept.(type) {
	case nil:
		*l = ""
		return nil
	case string:
		*l = foreignKey(kept)
		return nil
	default:
		return fmt.Errorf("a key is stored as text, not as %T", kept)
	}
}

// flagValue returns a boolean as both databases store it: 1 or 0.
func flagValue(b bool) int {
	if b {
		return 1
	}
	return 0
}

// The columns whose values are sealed. Each value is bound to its column and row. A value moved
// to another row, such as the number of another customer, does not open.
const (
	sealedMSISDN   = "payments.msisdn"
	sealedCustomer = "payments.customer_name"
	sealedHandle   = "attempts.handle"
	sealedSecret   = "api_keys.secret"
	sealedWebhook  = "webhook_secrets.secret"
)

// packer converts values to column values and back. It keeps the first error, so that a row reads
// as a table of fields.
type packer struct {
	ring *vault.Ring
	err  error
}

// keepError stores the first error.
func (p *packer) keepError(err error) {
	if p.err == nil {
		p.err = err
	}
}

// seal returns the encrypted text for one column of one row; "" stays "".
func (p *packer) seal(column, row, plain string) string {
	if plain == "" {
		return ""
	}
	sealed, err := p.ring.Seal(purpose(column, row), []byte(plain))
	p.keepError(err)
	return sealed
}

// open returns the text that seal was given.
func (p *packer) open(column, row, sealed string) string {
	if sealed == "" {
		return ""
	}
	plain, err := p.ring.Open(purpose(column, row), sealed)
	p.keepError(err)
	return string(plain)
}

// purpose names one column of one row. The vault derives the value's key from it.
func purpose(column, row string) vault.Purpose { return vault.Purpose(column + "/" + row) }

// json returns a value as JSON text, and "" for the zero value of its kind.
func (p *packer) json(value any, zero bool) string {
	if zero {
		return ""
	}
	text, err := json.Marshal(value)
	p.keepError(err)
	return string(text)
}

// unjson reads the text that json returned.
func (p *packer) unjson(text string, into any) {
	if text != "" {
		p.keepError(json.Unmarshal([]byte(text), into))
	}
}

// isStorable reports whether both databases can store a text and find it again. PostgreSQL refuses
// NUL and text that is not UTF-8; SQLite accepts anything.
func isStorable(texts ...string) bool {
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return false
		}
	}
	return true
}

// storableText makes text from outside storable. Such text is for people only, and an error would
// stop its payment.
func storableText(message string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(message, "\uFFFD"), "\x00", "\uFFFD")
}

// openStatuses returns the statuses that are not terminal.
func openStatuses() []pirogue.Status {
	var open []pirogue.Status
	for _, s := range pirogue.Statuses {
		if !s.Terminal() {
			open = append(open, s)
		}
	}
	return open
}

// unpackAll returns what unpack makes of each row.
func unpackAll[Row, Unpacked any](rows []Row, unpack func(Row) Unpacked) []Unpacked {
	all := make([]Unpacked, len(rows))
	for i, row := range rows {
		all[i] = unpack(row)
	}
	return all
}
