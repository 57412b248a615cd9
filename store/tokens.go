package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/ids"
	"pirogue/support"
	"pirogue/vault"
)

// tokenRow is a row of admin_tokens.
type tokenRow struct {
	Digest    string `gorm:"primaryKey"`
	Name      string
	Role      string
	CreatedAt timeText
	RevokedAt timeText // NULL: in force
}

// TableName returns the table's name.
func (tokenRow) TableName() string { return "admin_tokens" }

// tokenDigest makes the digest by which a token is found without its secret.
const tokenDigest vault.Purpose = "admin_tokens.digest"

// tokenPrefix identifies a token to people, and to programs that look for leaked secrets.
const tokenPrefix = "pirogue_admin_"

// CreateToken admits a person to the admin API and returns the secret, which is shown only once.
// It fails with InvalidParameter: no name, no such role, or a name with a token in force.
func (db *Tokens) CreateToken(ctx context.Context, name string, role support.Role) (string, error) {
	if name == "" || !isStorable(name) {
		return "", pirogue.FieldError(pirogue.InvalidParameter, "name")
	}
	if !role.May(support.RoleReader) {
		return "", pirogue.FieldError(pirogue.InvalidParameter, "role")
	}
	secret := tokenPrefix + ids.Secret()
	row := tokenRow{
		Digest: db.ring.Digest(tokenDigest, secret), Name: name, Role: string(role), CreatedAt: timestamp(db.clock.Now()),
	}
	err := db.exec(ctx, "create token", func(tx *gorm.DB) error {
		err := tx.Create(&row).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return pirogue.FieldError(pirogue.InvalidParameter, "name")
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// Token returns the name and the role of the token with this secret. It fails with NotFound, also
// for a revoked one.
func (db *Tokens) Token(ctx context.Context, secret string) (string, support.Role, error) {
	var row tokenRow
	err := db.read(ctx, "read token", func(tx *gorm.DB) error {
		err := tx.Where("digest = ? AND revoked_at IS NULL", db.ring.Digest(tokenDigest, secret)).Take(&row).Error
		return asNotFound(err, pirogue.NotFound, "token")
	})
	return row.Name, support.Role(row.Role), err
}

// RevokeToken ends a name's token for ever. It fails with NotFound if the name has none in force.
// The person's support actions stay, and the name can get another token.
func (db *Tokens) RevokeToken(ctx context.Context, name string) error {
	if !isStorable(name) {
		return pirogue.Errorf(pirogue.NotFound, "token of %q", name)
	}
	return db.exec(ctx, "revoke token", func(tx *gorm.DB) error {
		set := tx.Model(&tokenRow{}).Where("name = ? AND revoked_at IS NULL", name).
			Updates(map[string]any{"revoked_at": timestamp(db.clock.Now())})
		if set.Error == nil && set.RowsAffected == 0 {
			return pirogue.Errorf(pirogue.NotFound, "token of %q", name)
		}
		return set.Error
	})
}

// Tokens returns every token, revoked ones too, the oldest first, without their secrets.
func (db *Tokens) Tokens(ctx context.Context) ([]support.AdminToken, error) {
	var rows []tokenRow
	err := db.read(ctx, "list tokens", func(tx *gorm.DB) error {
		return tx.Order("created_at, digest").Find(&rows).Error
	})
	return unpackAll(rows, unpackToken), err
}

// unpackToken returns the token of a row, without its secret.
func unpackToken(r tokenRow) support.AdminToken {
	return support.AdminToken{
		Name: r.Name, Role: support.Role(r.Role), CreatedAt: r.CreatedAt.time(), RevokedAt: r.RevokedAt.time(),
	}
}
