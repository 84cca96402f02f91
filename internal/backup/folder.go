package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// folder keeps backups in a directory, of mode 0700: they hold everything.
type folder string

const partEnd = ".part"

func (f folder) put(_ context.Context, name string, r io.Reader) (err error) {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return fmt.Errorf("backup folder: %w", err)
	}
	part := filepath.Join(string(f), name+partEnd)
	file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("backup folder: %w", err)
	}
	_, err = io.Copy(file, r)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(part))
	}
	if err := os.Rename(part, strings.TrimSuffix(part, partEnd)); err != nil {
		return fmt.Errorf("backup folder: %w", err)
	}
	dir, err := os.Open(string(f))
	if err != nil {
		return fmt.Errorf("backup folder: %w", err)
	}
	defer dir.Close()
	return dir.Sync() // the name is on disk too
}

func (f folder) get(_ context.Context, name string) (io.ReadCloser, error) {
	file, err := os.Open(filepath.Join(string(f), name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	return file, err
}

func (f folder) list(context.Context) (names []string, err error) {
	entries, err := os.ReadDir(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

func (f folder) remove(_ context.Context, name string) error {
	return os.Remove(filepath.Join(string(f), name))
}
