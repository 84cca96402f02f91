package demo

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
)

// Below the range from which Linux takes the ports of outgoing connections (32768 up): a port that is free now is not
// taken by our own traffic before its owner listens on it.
const firstPort, lastPort = 20000, 32000

// handedOut holds a name for every port that this process was given: other processes that look for a port at the same time
// (test binaries run side by side) find the name taken before anybody listens. The names end with the process.
var handedOut = struct {
	sync.Mutex
	names map[int]io.Closer
}{names: map[int]io.Closer{}}

// FreeAddress gives a loopback address that nobody listens on and that nobody else was given.
func FreeAddress() (string, error) {
	handedOut.Lock()
	defer handedOut.Unlock()
	for range 1000 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		address := fmt.Sprintf("127.0.0.1:%d", port)
		if handedOut.names[port] != nil || !Free(address) {
			continue
		}
		if name := reserve(port); name != nil {
			handedOut.names[port] = name
			return address, nil
		}
	}
	return "", errors.New("no free port on 127.0.0.1 between 20000 and 32000")
}

// reserve takes the port's name among Linux's abstract sockets, or gives nil when another process has it.
func reserve(port int) io.Closer {
	l, err := net.Listen("unix", fmt.Sprintf("@suiftly-port-%d", port))
	if err != nil {
		return nil
	}
	return l
}

// Free reports whether address can be listened on now.
func Free(address string) bool {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	return l.Close() == nil
}
