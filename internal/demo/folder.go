package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const folderPrefix = "suiftly-demo-"

// Folder makes the folder of one demo in the temporary folder, and removes those of demos that were killed. remove takes it
// away again.
func Folder() (dir string, remove func() error, err error) {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*"))
	for _, old := range left {
		if lock, err := claim(old, os.O_RDWR); err == nil {
			_ = os.RemoveAll(old)
			lock.Close()
		}
	}
	if dir, err = os.MkdirTemp("", folderPrefix+"*"); err != nil {
		return "", nil, fmt.Errorf("make a folder for the demo: %w", err)
	}
	lock, err := claim(dir, os.O_CREATE|os.O_RDWR)
	if err != nil {
		return "", nil, fmt.Errorf("make a folder for the demo: %w", err)
	}
	return dir, func() error {
		defer lock.Close()
		return os.RemoveAll(dir)
	}, nil
}

// claim holds a demo's folder for as long as the process lives. Only the folder's own user can open its lock.
func claim(dir string, how int) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(dir, "demo.lock"), how, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, err
	}
	return lock, nil
}
