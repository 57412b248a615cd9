package store

import (
	"context"
	"errors"
	"net/netip"
	"slices"
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
	defer db.forgetRecent()
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
	var found []struct{ Public, SecretSealed, HookSealed string }
	err = db.read(ctx, "read webhook secrets", func(tx *gorm.DB) error {
		found = nil
		return tx.Raw(webhookSecrets, o.MerchantID, o.Mode).Scan(&found).Error
	})
	if err == nil && len(found) == 0 {
		err = pirogue.Errorf(pirogue.NotFound, "%q", o.MerchantID)
	}
	if err != nil {
		return "", "", err
	}
	pack := packer{ring: db.ring}
	api = pack.open(sealedSecret, found[0].Public, found[0].SecretSealed)
	standard = pack.open(sealedWebhook, string(o.MerchantID)+"/"+string(o.Mode), found[0].HookSealed)
	return api, standard, asError("read webhook secrets", pack.err)
}

// webhookSecrets reads what signs an owner's webhooks: its newest key in force and its whsec_
// secret.
const webhookSecrets = `
SELECT k.public, k.secret_sealed, w.secret_sealed AS hook_sealed
  FROM api_keys k JOIN webhook_secrets w ON w.merchant_id = k.merchant_id AND w.mode = k.mode
 WHERE k.merchant_id = ? AND k.mode = ? AND k.revoked_at IS NULL
 ORDER BY k.created_at DESC, k.public DESC LIMIT 1`

// unpackKey returns the key of a row with the secrets that verify at a time.
func (db *Keys) unpackKey(r keyRow, at time.Time) (access.APIKey, error) {
	pack := packer{ring: db.ring}
	k := access.APIKey{
		Public: r.Public, MerchantID: pirogue.MerchantID(r.MerchantID), Mode: pirogue.Mode(r.Mode),
		RevokedAt: r.RevokedAt.time(), CreatedAt: r.CreatedAt.time(), Version: r.SecretSealed,
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
	keep := db.recentKeys.reading(public)
	var found []keyWithMerchant
	err := db.read(ctx, "read key", func(tx *gorm.DB) error {
		found = nil
		return tx.Raw(keyAndMerchant, public).Scan(&found).Error
	})
	if err == nil && len(found) == 0 {
		err = pirogue.Errorf(pirogue.NotFound, "key %q", public)
	}
	if err != nil {
		return access.APIKey{}, pirogue.Merchant{}, err
	}
	key, err := db.unpackKey(found[0].Key, at)
	if err != nil {
		return access.APIKey{}, pirogue.Merchant{}, asError("read key", err)
	}
	merchant := unpackMerchant(found[0].Merchant)
	keep(recentKey{key, merchant})
	return verifyingAt(key, at), merchant, nil
}

// recentKey is a key with the secrets that verified when it was read, and its merchant.
type recentKey struct {
	key      access.APIKey
	merchant pirogue.Merchant
}

// RecentKey is Key for a key that this process has read in the last two seconds. It reports false for
// every other one, and asks no database. A secret that was made since is not among its secrets.
func (db *Keys) RecentKey(public string, at time.Time) (access.APIKey, pirogue.Merchant, bool) {
	known, ok := db.recentKeys.get(public)
	return verifyingAt(known.key, at), known.merchant, ok
}

// verifyingAt returns a key with those of its secrets that verify at a time.
func verifyingAt(k access.APIKey, at time.Time) access.APIKey {
	k.Secrets = slices.DeleteFunc(slices.Clone(k.Secrets), func(s access.Secret) bool {
		return !s.ExpiresAt.IsZero() && !at.Before(s.ExpiresAt)
	})
	return k
}

// keyWithMerchant is a key in force with its merchant.
type keyWithMerchant struct {
	Key      keyRow      `gorm:"embedded"`
	Merchant merchantRow `gorm:"embedded;embeddedPrefix:m_"`
}

// keyAndMerchant reads a keyWithMerchant.
const keyAndMerchant = `
SELECT k.*, m.id AS m_id, m.name AS m_name, m.notify_url AS m_notify_url, m.late_policy AS m_late_policy,
       m.suspended_at AS m_suspended_at, m.created_at AS m_created_at
  FROM api_keys k JOIN merchants m ON m.id = k.merchant_id
 WHERE k.public = ? AND k.revoked_at IS NULL`
