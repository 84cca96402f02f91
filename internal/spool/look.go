package spool

import (
	"os"
	"path/filepath"
)

// Look gives the state of a spool that another process may have open: as it was at some moment, without MaxBytes.
func Look(dir string) (st Stats, err error) {
	segments, err := openSegments(dir)
	defer func() {
		for _, seg := range segments {
			seg.file.Close()
		}
	}()
	if err != nil {
		return st, err
	}
	if st.Damaged, st.Torn, err = countAside(dir); err != nil {
		return st, err
	}
	if len(segments) == 0 {
		return st, nil
	}
	first := segments[0].base
	if cursor, err := os.Open(filepath.Join(dir, "cursor")); err == nil {
		first = max(first, readCursor(cursor))
		cursor.Close()
	}
	for _, seg := range segments {
		st.Bytes += seg.size
		st.Waiting = max(st.Waiting, seg.end()-first)
		if first >= seg.base && first < seg.end() {
			st.Oldest = seg.timeAt(first)
		}
	}
	return st, nil
}
