package services

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/audit"
	"suiftly/internal/fault"
	"suiftly/internal/pg"
)

// ErrNoPrice is a service that no version of the price book knows.
var ErrNoPrice = fault.New(fault.Unavailable, "services.no_price", "This service has no price yet.")

// LoadPriceBook appends the configured catalog to the price book when it differs from the newest version. The first
// version holds since ever; later ones from the next full hour, because an hour is charged at one price. The database's
// clock dates them: replicas that start together agree on it.
func (m *Module) LoadPriceBook(ctx context.Context) error {
	_, err := m.bookVersion(ctx)
	return err
}

// bookVersion is the price-book version of the configured catalog; the first call loads it. Two first calls at once are
// like two replicas: the table's lock keeps the second from adding.
func (m *Module) bookVersion(ctx context.Context) (int64, error) {
	if version := m.book.Load(); version != 0 {
		return version, nil
	}
	content, err := json.Marshal(m.catalog)
	if err != nil {
		return 0, fmt.Errorf("load the price book: %w", err)
	}
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:])
	var version int64
	err = pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		if err := lockBook(ctx, tx); err != nil {
			return err
		}
		newest, err := newestBook(ctx, tx)
		if err != nil {
			return err
		}
		if newest.Hash == hash {
			version = newest.ID
			return nil
		}
		added, err := insertBook(ctx, tx, string(content), hash, m.catalog.names())
		if err != nil {
			return err
		}
		version = added.ID
		m.log.Info("the catalog is a new version of the price book", "price_book", added.ID, "effective_from", added.From, "before", newest.ID)
		return audit.Write(ctx, tx, audit.Entry{
			Action: "services.price_book_added", Subject: fmt.Sprintf("price book %d", added.ID),
			Detail: map[string]any{"effective_from": added.From, "content_sha256": hash},
		})
	})
	if err != nil {
		return 0, fmt.Errorf("load the price book: %w", err)
	}
	m.book.Store(version)
	return version, nil
}

// PriceAt gives a service's unit price at a time: of the newest version in force that knows the service. Before a service
// was first sold its first price holds, and after it left the catalog its last one, so that late usage has a price too.
func (m *Module) PriceAt(ctx context.Context, q pg.Q, service string, at time.Time) (UnitPrice, error) {
	if _, err := m.bookVersion(ctx); err != nil {
		return UnitPrice{}, err
	}
	version, err := bookAt(ctx, q, service, at)
	if err != nil {
		return UnitPrice{}, fmt.Errorf("price of %s at %s: %w", service, at.Format(time.RFC3339), err)
	}
	catalog, err := m.bookContent(ctx, q, version)
	if err != nil {
		return UnitPrice{}, err
	}
	t, err := catalog.Type(service)
	if err != nil {
		return UnitPrice{}, fmt.Errorf("price book %d: %w", version, ErrNoPrice)
	}
	return t.unitPrice(version), nil
}

// bookContent reads a version once.
func (m *Module) bookContent(ctx context.Context, q pg.Q, version int64) (Catalog, error) {
	if c, ok := m.books.Load(version); ok {
		return c.(Catalog), nil
	}
	content, err := selectBook(ctx, q, version)
	if err != nil {
		return Catalog{}, err
	}
	var c Catalog
	if err := json.Unmarshal(content, &c); err != nil {
		return Catalog{}, fmt.Errorf("read price book %d: %w", version, err)
	}
	m.books.Store(version, c)
	return c, nil
}
