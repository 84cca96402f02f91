package pg

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/jmoiron/sqlx"
)

// Prepared keeps the statements of a hot path prepared, once per connection: a statement with arguments then costs one
// round trip and no planning instead of two and planning. It is for work that runs the same few statements very often; it
// never forgets one, so a text that varies does not belong here.
type Prepared struct {
	db *sqlx.DB

	mu     sync.Mutex
	stmts  map[string]*sqlx.Stmt
	missed map[string]bool
}

// NewPrepared gives an empty set of statements of db.
func NewPrepared(db *sqlx.DB) *Prepared {
	return &Prepared{db: db, stmts: map[string]*sqlx.Stmt{}, missed: map[string]bool{}}
}

// In gives tx, running what is prepared as prepared and noting the rest for Learn.
func (p *Prepared) In(tx *sqlx.Tx) Q { return preparedTx{tx, p} }

// Learn prepares what In had to run unprepared. It takes a connection: to be called when the transaction is over, because
// callers that hold one each and wait for another would wait for each other.
func (p *Prepared) Learn(ctx context.Context) error {
	for query := range p.takeMissed() {
		// Not under mu: transactions ask for it while they hold the connections that we may have to wait for.
		stmt, err := p.db.PreparexContext(ctx, query)
		if err != nil {
			return err
		}
		p.mu.Lock()
		p.stmts[query] = stmt
		p.mu.Unlock()
	}
	return nil
}

// takeMissed gives each missed statement to one caller.
func (p *Prepared) takeMissed() map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.missed
	p.missed = map[string]bool{}
	for query := range taken {
		p.stmts[query] = nil // found, and not usable yet
	}
	return taken
}

// Close gives the statements back.
func (p *Prepared) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, stmt := range p.stmts {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	clear(p.stmts)
	return errors.Join(errs...)
}

func (p *Prepared) find(query string) *sqlx.Stmt {
	p.mu.Lock()
	defer p.mu.Unlock()
	stmt, ok := p.stmts[query]
	if !ok {
		p.missed[query] = true
	}
	return stmt
}

// preparedTx is a Q. The query methods it does not have are the transaction's own.
type preparedTx struct {
	*sqlx.Tx
	prepared *Prepared
}

func (t preparedTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if stmt := t.prepared.find(query); stmt != nil {
		return t.StmtxContext(ctx, stmt).ExecContext(ctx, args...)
	}
	return t.Tx.ExecContext(ctx, query, args...)
}

func (t preparedTx) GetContext(ctx context.Context, dest any, query string, args ...any) error {
	if stmt := t.prepared.find(query); stmt != nil {
		return t.StmtxContext(ctx, stmt).GetContext(ctx, dest, args...)
	}
	return t.Tx.GetContext(ctx, dest, query, args...)
}

func (t preparedTx) SelectContext(ctx context.Context, dest any, query string, args ...any) error {
	if stmt := t.prepared.find(query); stmt != nil {
		return t.StmtxContext(ctx, stmt).SelectContext(ctx, dest, args...)
	}
	return t.Tx.SelectContext(ctx, dest, query, args...)
}
