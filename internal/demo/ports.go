package demo

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
)

// Below the range from which Linux takes the ports of outgoing connections (32768 up): a port that is free now is not
// taken by our own traffic before its owner listens on it.
const firstPort, lastPort = 20000, 32000

// handedOut holds a locked file for every port that this process was given: other processes that look for a port at the same
// time (test binaries run side by side) see the lock before anybody listens. The locks end with the process.
var handedOut = struct {
	sync.Mutex
	locks map[int]*os.File
}{locks: map[int]*os.File{}}

// FreeAddress gives a loopback address that nobody listens on and that nobody else was given.
func FreeAddress() (string, error) {
	handedOut.Lock()
	defer handedOut.Unlock()
	for range 1000 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		address := fmt.Sprintf("127.0.0.1:%d", port)
		if handedOut.locks[port] != nil || !Free(address) {
			continue
		}
		lock, err := reserve(port)
		if err != nil {
			return "", err
		}
		if lock == nil {
			continue
		}
		handedOut.locks[port] = lock
		return address, nil
	}
	return "", errors.New("no free port on 127.0.0.1 between 20000 and 32000")
}

// reserve locks the port's file, or gives nil when another process has it.
func reserve(port int) (*os.File, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("suiftly-ports-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("reserve a port: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(port)), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("reserve a port: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, f.Close()
	}
	return f, nil
}

// Free reports whether address can be listened on now.
func Free(address string) bool {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	return l.Close() == nil
}
