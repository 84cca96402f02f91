package logs

import (
	"context"

	"suiftly/internal/pg"
)

const readTail = `
select device, inode, fingerprint, fingerprint_bytes, byte_offset, lines
from logs.tails
where source = $1`

func selectTail(ctx context.Context, q pg.Q, source string) (p tailPlace, err error) {
	err = q.GetContext(ctx, &p, readTail, source)
	return p, err
}

const setTail = `
insert into logs.tails as t (source, device, inode, fingerprint, fingerprint_bytes, byte_offset, lines)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (source) do update set
    device = excluded.device,
    inode = excluded.inode,
    fingerprint = excluded.fingerprint,
    fingerprint_bytes = excluded.fingerprint_bytes,
    byte_offset = excluded.byte_offset,
    lines = excluded.lines,
    read_at = now()
where t.lines = $8`

// moveTail says how far a file is read, if nobody has read on from the line it was at.
func moveTail(ctx context.Context, tx pg.Q, source string, from int64, to tailPlace) error {
	done, err := tx.ExecContext(ctx, setTail, source, to.Device, to.Inode, to.Fingerprint, to.FirstBytes, to.Offset, to.Lines, from)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return errTailMoved
}
