package store

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/access"
	"pirogue/ids"
)

// keyRow is a row of api_keys. It has room for two secrets and no more.
type keyRow struct {
	Public         string `gorm:"primaryKey"`
	MerchantID     string
	Mode           string
	SecretSealed   string
	PreviousSealed string   // "" before the first rotation
	PreviousUntil  timeText // the previous secret verifies until then
	AllowedIPs     string   `gorm:"column:allowed_ips"` // JSON, "" for anywhere
	RevokedAt      timeText
	CreatedAt      timeText
}

// TableName returns the table's name.
func (keyRow) TableName() string { return "api_keys" }

// CreateKey creates a key for an owner and returns it with its secret, which is shown only once.
// allowed lists the networks from which requests may come; none means anywhere. It fails with
// NotFound for a merchant that does not exist.
func (db *Keys) CreateKey(
	ctx context.Context, o access.Owner, allowed []netip.Prefix,
) (public, secret string, err error) {
	public, secret = ids.Key(o.Mode), ids.Secret()
	pack := packer{ring: db.ring}
	row := keyRow{
		Public: public, MerchantID: string(o.MerchantID), Mode: string(o.Mode),
		SecretSealed: pack.seal(sealedSecret, public, secret),
		AllowedIPs:   pack.json(allowed, len(allowed) == 0), CreatedAt: timestamp(db.clock.Now()),
	}
	if pack.err != nil {
		return "", "", asError("create key", pack.err)
	}
	err = db.exec(ctx, "create key", func(tx *gorm.DB) error {
		err := tx.Create(&row).Error
		if errors.Is(err, gorm.ErrForeignKeyViolated) {
			return pirogue.Errorf(pirogue.NotFound, "merchant %q: %w", o.MerchantID, err)
		}
		return err
	})
	if err != nil {
		return "", "", err
	}
	return public, secret, nil
}

// RotateKey gives a key in force another secret and returns that. The old secret verifies for
// overlap more, at most pirogue.RotationOverlap. An even older one ends at once, so there are
// never more than two. It fails with NotFound.
func (db *Keys) RotateKey(ctx context.Context, public string, overlap time.Duration) (string, error) {
	if overlap < 0 || overlap > access.RotationOverlap {
		return "", pirogue.FieldError(pirogue.InvalidParameter, "overlap")
	}
	secret, pack := ids.Secret(), packer{ring: db.ring}
	sealed := pack.seal(sealedSecret, public, secret)
	if pack.err != nil {
		return "", asError("rotate key", pack.err)
	}
	until := timestamp(db.clock.Now().Add(overlap))
	err := db.changeKey(ctx, public, map[string]any{
		"previous_sealed": gorm.Expr("secret_sealed"), "previous_until": until, "secret_sealed": sealed,
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// RevokeKey ends a key for ever. It fails with NotFound, also if the key was revoked before.
func (db *Keys) RevokeKey(ctx context.Context, public string) error {
	return db.changeKey(ctx, public, map[string]any{"revoked_at": timestamp(db.clock.Now())})
}

// changeKey sets columns of a key in force. It fails with NotFound.
func (db *Keys) changeKey(ctx context.Context, public string, columns map[string]any) error {
	return db.exec(ctx, "change key", func(tx *gorm.DB) error {
		set := tx.Model(&keyRow{}).Where("public = ? AND revoked_at IS NULL", public).Updates(columns)
		if set.Error == nil && set.RowsAffected == 0 {
			return pirogue.Errorf(pirogue.NotFound, "key %q", public)
		}
		return set.Error
	})
}

// Keys returns an owner's keys in force, the newest first, without their secrets.
func (db *Keys) Keys(ctx context.Context, o access.Owner) ([]access.APIKey, error) {
	var rows []keyRow
	err := db.read(ctx, "list keys", func(tx *gorm.DB) error { return keysInForce(tx, o).Find(&rows).Error })
	if err != nil {
		return nil, err
	}
	keys := make([]access.APIKey, len(rows))
	for i, row := range rows {
		row.SecretSealed, row.PreviousSealed = "", ""
		if keys[i], err = db.unpackKey(row, time.Time{}); err != nil {
			return nil, asError("list keys", err)
		}
	}
	return keys, nil
}

// keysInForce selects an owner's keys that are not revoked, the newest first.
func keysInForce(tx *gorm.DB, o access.Owner) *gorm.DB {
	return tx.Where("merchant_id = ? AND mode = ? AND revoked_at IS NULL", o.MerchantID, o.Mode).
		Order("created_at DESC, public DESC")
}

// WebhookSecrets returns the two secrets that sign an owner's webhooks. api is the API secret of
// its newest key in force, and standard is the whsec_ secret. It fails with NotFound if the owner
// has no key.
func (db *Keys) WebhookSecrets(ctx context.Context, o access.Owner) (api, standard string, err error) {
	var key keyRow
	var hook webhookSecretRow
	err = db.snapshot(ctx, "read webhook secrets", func(tx *gorm.DB) error {
		key, hook = keyRow{}, webhookSecretRow{}
		if err := keysInForce(tx, o).Take(&key).Error; err != nil {
			return asNotFound(err, pirogue.NotFound, string(o.MerchantID))
		}
		err := tx.Where("merchant_id = ? AND mode = ?", o.MerchantID, o.Mode).Take(&hook).Error
		return asNotFound(err, pirogue.NotFound, string(o.MerchantID))
	})
	if err != nil {
		return "", "", err
	}
	pack := packer{ring: db.ring}
	api = pack.open(sealedSecret, key.Public, key.SecretSealed)
	standard = pack.open(sealedWebhook, hook.MerchantID+"/"+hook.Mode, hook.SecretSealed)
	return api, standard, asError("read webhook secrets", pack.err)
}

// unpackKey returns the key of a row with the secrets that verify at a time.
func (db *Keys) unpackKey(r keyRow, at time.Time) (access.APIKey, error) {
	pack := packer{ring: db.ring}
	k := access.APIKey{
		Public: r.Public, MerchantID: pirogue.MerchantID(r.MerchantID), Mode: pirogue.Mode(r.Mode),
		RevokedAt: r.RevokedAt.time(), CreatedAt: r.CreatedAt.time(),
	}
	pack.unjson(r.AllowedIPs, &k.AllowedIPs)
	if r.SecretSealed != "" {
		k.Secrets = append(k.Secrets, access.Secret{Text: pack.open(sealedSecret, r.Public, r.SecretSealed)})
	}
	if until := r.PreviousUntil.time(); r.PreviousSealed != "" && at.Before(until) {
		old := pack.open(sealedSecret, r.Public, r.PreviousSealed)
		k.Secrets = append(k.Secrets, access.Secret{Text: old, ExpiresAt: until})
	}
	return k, pack.err
}

// Key returns a key in force, with its merchant and the secrets that verify at a time, the newest
// first. It fails with NotFound, also for a revoked key.
func (db *Keys) Key(ctx context.Context, public string, at time.Time) (access.APIKey, pirogue.Merchant, error) {
	if !isStorable(public) {
		return access.APIKey{}, pirogue.Merchant{}, pirogue.Errorf(pirogue.NotFound, "key %q", public)
	}
	var key keyRow
	var merchant merchantRow
	err := db.snapshot(ctx, "read key", func(tx *gorm.DB) error {
		key, merchant = keyRow{}, merchantRow{}
		err := tx.Where("public = ? AND revoked_at IS NULL", public).Take(&key).Error
		if err != nil {
			return asNotFound(err, pirogue.NotFound, public)
		}
		return tx.Where("id = ?", key.MerchantID).Take(&merchant).Error
	})
	if err != nil {
		return access.APIKey{}, pirogue.Merchant{}, err
	}
	k, err := db.unpackKey(key, at)
	return k, unpackMerchant(merchant), asError("read key", err)
}
