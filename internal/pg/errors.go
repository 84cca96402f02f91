package pg

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// Violated reports whether err is the violation of the constraint (or unique index) of exactly that name.
func Violated(err error, constraint string) bool {
	var p *pq.Error
	if !errors.As(err, &p) || p.Constraint != constraint {
		return false
	}
	switch p.Code {
	case pqerror.UniqueViolation, pqerror.CheckViolation, pqerror.ForeignKeyViolation, pqerror.ExclusionViolation:
		return true
	}
	return false
}

// IsUnavailable reports whether the database could not be reached or went away, so that trying again later makes sense.
func IsUnavailable(err error) bool {
	var p *pq.Error
	if errors.As(err, &p) {
		switch p.Code {
		case pqerror.AdminShutdown, pqerror.CrashShutdown, pqerror.CannotConnectNow, pqerror.TooManyConnections,
			pqerror.ReadOnlySQLTransaction: // the old primary after a failover
			return true
		}
		return p.Code.Class() == "08"
	}
	var n *net.OpError
	return errors.As(err, &n) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// retryable reports a transaction that lost against a concurrent one and may simply run again.
func retryable(err error) bool {
	var p *pq.Error
	return errors.As(err, &p) && (p.Code == pqerror.TRSerializationFailure || p.Code == pqerror.TRDeadlockDetected)
}
