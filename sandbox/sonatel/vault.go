package sonatel

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"

	"pirogue/sandbox/engine"
)

// key returns one of the two keys that encrypt PINs, 0 or 1. It makes a key at first use,
// because that takes a tenth of a second. It stores the key: a restart revokes none.
func (b *book) key(number int) (*rsa.PrivateKey, error) {
	b.Lock()
	defer b.Unlock()
	if b.keys[number] != nil {
		return b.keys[number], nil
	}
	made, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	err = b.Record(entry{Key: &servedKeyLine{Number: number, Key: x509.MarshalPKCS1PrivateKey(made)}})
	return b.keys[number], err
}

// applyKey restores a key from the journal. It returns an error for a line that no
// simulator wrote.
func (b *book) applyKey(line *servedKeyLine) error {
	if line == nil {
		return nil
	}
	if line.Number < 0 || line.Number >= len(b.keys) {
		return fmt.Errorf("there is no key %d", line.Number)
	}
	kept, err := x509.ParsePKCS1PrivateKey(line.Key)
	if err != nil {
		return fmt.Errorf("read key %d: %w", line.Number, err)
	}
	b.keys[line.Number] = kept
	return nil
}

// tryPIN checks the retailer's PIN and counts wrong ones. The count is in the journal: as
// with the real account, a restart grants no further tries.
func (b *book) tryPIN(digits string) error {
	b.Lock()
	defer b.Unlock()
	after := b.pin
	switch {
	case b.pin.Wrong >= maxWrongPINs:
		return pinBlocked
	case !engine.Same(digits, b.pin.PIN):
		after.Wrong++
	case b.pin.Wrong == 0:
		return nil
	default:
		after.Wrong = 0
	}
	if err := b.Record(entry{PIN: &after}); err != nil {
		return err
	}
	switch after.Wrong {
	case 0:
		return nil
	case 1:
		return wrongPIN2Left
	case 2:
		return wrongPIN1Left
	default:
		return pinBlocked
	}
}

// changePIN gives the retailer another PIN.
func (b *book) changePIN(digits string) error {
	b.Lock()
	defer b.Unlock()
	return b.Record(entry{PIN: &pinState{PIN: digits}})
}

// figures returns the money left in the float, in XOF, and the number of wrong PINs entered
// in a row.
func (b *book) figures() (left int64, wrong int) {
	b.Lock()
	defer b.Unlock()
	return b.granted - b.taken, b.pin.Wrong
}

// refigure replaces the float and the count of wrong PINs; nil leaves them.
func (b *book) refigure(left *int64, wrong *int) error {
	b.Lock()
	defer b.Unlock()
	if wrong != nil && *wrong != b.pin.Wrong {
		if err := b.Record(entry{PIN: &pinState{PIN: b.pin.PIN, Wrong: *wrong}}); err != nil {
			return err
		}
	}
	if left != nil {
		b.granted = *left + b.taken
	}
	return nil
}

// collected returns the money that customers paid to the merchant, in XOF. It is not the
// float: collected money does not pay for deposits.
func (b *book) collected() (sum int64) {
	for _, line := range b.Paid() {
		if line.TxnID[:len(prefixPay)] == prefixPay {
			sum += line.Amount
		}
	}
	return sum
}
