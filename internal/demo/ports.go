package demo

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// Below the range from which Linux takes the ports of outgoing connections (32768 up): a port that is free now is not
// taken by our own traffic before its owner listens on it.
const firstPort, lastPort = 20000, 32000

var handedOut = struct {
	sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

// FreeAddress gives a loopback address that nobody listens on and that it never gave before.
func FreeAddress() (string, error) {
	handedOut.Lock()
	defer handedOut.Unlock()
	for range 1000 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		address := fmt.Sprintf("127.0.0.1:%d", port)
		if handedOut.ports[port] || !Free(address) {
			continue
		}
		handedOut.ports[port] = true
		return address, nil
	}
	return "", errors.New("no free port on 127.0.0.1 between 20000 and 32000")
}

// Free reports whether address can be listened on now.
func Free(address string) bool {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	return l.Close() == nil
}
