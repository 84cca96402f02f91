package edge

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// write puts content in place of the file in one step: HAProxy starts with the old map or the new one, never with half.
// Replicas on one host may write at once; each uses a name of its own until the rename.
func (h *HAProxy) write(name, content string) (err error) {
	if have, ok := h.written[name]; ok && have == content && h.onDisk(name, content) {
		return nil
	}
	path := filepath.Join(h.dir, name)
	if have, err := os.ReadFile(path); err == nil && string(have) == content {
		h.written[name] = content
		return nil
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.CreateTemp(h.dir, "."+name+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err = f.WriteString(content); err != nil {
		return err
	}
	// HAProxy usually runs as another user. The file holds hashes of keys, nothing that opens anything.
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	h.written[name] = content
	return syncDir(h.dir)
}

// onDisk asks cheaply whether the file still is what we wrote.
func (h *HAProxy) onDisk(name, content string) bool {
	info, err := os.Stat(filepath.Join(h.dir, name))
	return err == nil && info.Size() == int64(len(content))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
