package store

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"pirogue"
	"pirogue/ids"
)

// merchantRow is a row of merchants.
type merchantRow struct {
	ID          string `gorm:"primaryKey"`
	Name        string
	NotifyURL   string // "" for nowhere
	LatePolicy  string
	SuspendedAt timeText // NULL: not suspended
	CreatedAt   timeText
}

// TableName returns the table's name.
func (merchantRow) TableName() string { return "merchants" }

// webhookSecretRow is a row of webhook_secrets.
type webhookSecretRow struct {
	MerchantID   string `gorm:"primaryKey"`
	Mode         string `gorm:"primaryKey"`
	SecretSealed string
	CreatedAt    timeText
}

// TableName returns the table's name.
func (webhookSecretRow) TableName() string { return "webhook_secrets" }

// CreateMerchant writes a merchant and its two whsec_ secrets, one for each mode. It sets a
// missing ID and a missing late policy. If the ID exists, it returns that merchant unchanged.
func (db *Merchants) CreateMerchant(ctx context.Context, m pirogue.Merchant) (pirogue.Merchant, error) {
	if !isStorable(m.Name, m.NotifyURL) {
		return pirogue.Merchant{}, pirogue.FieldError(pirogue.InvalidParameter, "name")
	}
	row := merchantRow{
		ID: cmp.Or(string(m.ID), ids.New()), Name: m.Name, NotifyURL: m.NotifyURL,
		LatePolicy: cmp.Or(string(m.LatePolicy), string(pirogue.LateReturn)),
		CreatedAt:  cmp.Or(timestamp(m.CreatedAt), timestamp(db.clock.Now())),
	}
	if m.Suspended {
		row.SuspendedAt = row.CreatedAt
	}
	secrets, err := db.newWebhookSecrets(row)
	if err != nil {
		return pirogue.Merchant{}, asError("create merchant", err)
	}
	var stored merchantRow
	err = db.inTx(ctx, "create merchant", func(tx *gorm.DB) error {
		stored = merchantRow{}
		written := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if written.Error != nil {
			return written.Error
		}
		if written.RowsAffected == 0 {
			return tx.Where("id = ?", row.ID).Take(&stored).Error
		}
		stored = row
		return tx.Create(&secrets).Error
	})
	if err != nil {
		return pirogue.Merchant{}, err
	}
	return unpackMerchant(stored), nil
}

// newWebhookSecrets draws a merchant's whsec_ secrets: 256 bits each, in the format that Standard
// Webhooks libraries read.
func (db *Merchants) newWebhookSecrets(m merchantRow) ([]webhookSecretRow, error) {
	pack := packer{ring: db.ring}
	var rows []webhookSecretRow
	for _, mode := range []pirogue.Mode{pirogue.Test, pirogue.Live} {
		raw, err := hex.DecodeString(ids.Secret())
		pack.keepError(err)
		secret := "whsec_" + base64.StdEncoding.EncodeToString(raw)
		rows = append(rows, webhookSecretRow{
			MerchantID: m.ID, Mode: string(mode), CreatedAt: m.CreatedAt,
			SecretSealed: pack.seal(sealedWebhook, m.ID+"/"+string(mode), secret),
		})
	}
	return rows, pack.err
}

// Merchant returns a merchant, with whether the database is in ask-first mode. It fails with
// NotFound.
func (db *Merchants) Merchant(ctx context.Context, id pirogue.MerchantID) (pirogue.Merchant, error) {
	if !isStorable(string(id)) {
		return pirogue.Merchant{}, pirogue.Errorf(pirogue.NotFound, "merchant %q", id)
	}
	var rows []struct {
		Row      merchantRow `gorm:"embedded"`
		AskFirst bool
	}
	err := db.read(ctx, "read merchant", func(tx *gorm.DB) error {
		return tx.Raw("SELECT merchants.*, "+asksFirst+" AS ask_first FROM merchants WHERE id = ?", id).Scan(&rows).Error
	})
	if err == nil && len(rows) == 0 {
		err = pirogue.Errorf(pirogue.NotFound, "merchant %q", id)
	}
	if err != nil {
		return pirogue.Merchant{}, err
	}
	merchant := unpackMerchant(rows[0].Row)
	merchant.AskFirst = rows[0].AskFirst
	return merchant, nil
}

// Merchants returns every merchant, the oldest first.
func (db *Merchants) Merchants(ctx context.Context) ([]pirogue.Merchant, error) {
	var rows []merchantRow
	err := db.read(ctx, "list merchants", func(tx *gorm.DB) error {
		return tx.Order("created_at, id").Find(&rows).Error
	})
	return unpackAll(rows, unpackMerchant), err
}

// SuspendMerchant makes the API refuse a merchant's requests, and holds back every attempt that
// has not left. An attempt that may have left goes on. It fails with NotFound.
func (db *Merchants) SuspendMerchant(ctx context.Context, id pirogue.MerchantID) error {
	return db.changeMerchant(ctx, id, "suspended_at", timestamp(db.clock.Now()))
}

// ResumeMerchant ends a suspension. It fails with NotFound.
func (db *Merchants) ResumeMerchant(ctx context.Context, id pirogue.MerchantID) error {
	return db.changeMerchant(ctx, id, "suspended_at", timestamp(time.Time{}))
}

// SetNotifyURL sets the address of a merchant's webhooks, "" for none. Existing events keep their
// address until they are sent again. It fails with InvalidURL for text that no database stores, and
// with NotFound.
func (db *Merchants) SetNotifyURL(ctx context.Context, id pirogue.MerchantID, url string) error {
	if !isStorable(url) {
		return pirogue.FieldError(pirogue.InvalidURL, "notify_url")
	}
	if !isStorable(string(id)) {
		return pirogue.Errorf(pirogue.NotFound, "merchant %q", id)
	}
	return db.changeMerchant(ctx, id, "notify_url", url)
}

// changeMerchant sets one column. It fails with NotFound.
func (db *Merchants) changeMerchant(ctx context.Context, id pirogue.MerchantID, column string, value any) error {
	defer db.forgetRecent()
	return db.exec(ctx, "change merchant", func(tx *gorm.DB) error {
		set := tx.Model(&merchantRow{}).Where("id = ?", id).Updates(map[string]any{column: value})
		if set.Error == nil && set.RowsAffected == 0 {
			return pirogue.Errorf(pirogue.NotFound, "merchant %q", id)
		}
		return set.Error
	})
}

// unpackMerchant returns the merchant of a row.
func unpackMerchant(r merchantRow) pirogue.Merchant {
	return pirogue.Merchant{
		ID: pirogue.MerchantID(r.ID), Name: r.Name, Suspended: r.SuspendedAt != "", NotifyURL: r.NotifyURL,
		LatePolicy: pirogue.LatePolicy(r.LatePolicy), CreatedAt: r.CreatedAt.time(),
	}
}
