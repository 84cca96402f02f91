package logs

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"
)

// packetBuffer is what the kernel is asked to keep while we are busy (net.core.rmem_max may allow less). It drops what does
// not fit, and nobody is told: UDP loses lines by its nature.
const packetBuffer = 4 << 20

// packetPause is how long nothing must come, and packetWait how long lines wait at most, until they go to the spool.
const (
	packetPause = 2 * time.Millisecond
	packetWait  = 10 * time.Millisecond
)

func listenPackets(address string) (*net.UDPConn, error) {
	at, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, err
	}
	conn, err := net.ListenUDP("udp", at)
	if err != nil {
		return nil, err
	}
	return conn, conn.SetReadBuffer(packetBuffer)
}

// receivePackets takes one line of every packet, until stop; then what the kernel still has.
func (s *syslog) receivePackets(stop, write context.Context, in *inbox, conn *net.UDPConn) error {
	defer conn.Close()
	defer context.AfterFunc(stop, func() { conn.SetReadDeadline(time.Now()) })()
	senders := map[netip.Addr]*bundle{}
	flush := func(all bool) error {
		now := time.Now()
		for from, b := range senders {
			if err := b.flush(write, all || !now.Before(b.due())); err != nil {
				return err
			}
			if b.due().IsZero() && len(senders) > s.m.config.Connections {
				delete(senders, from)
			}
		}
		return nil
	}
	var until time.Time // set when stopping
	room := make([]byte, maxLineBytes+1)
	unflushed, since := 0, time.Time{}
	for {
		wake := time.Now().Add(time.Duration(s.m.config.BatchMs) * time.Millisecond)
		switch {
		case stop.Err() != nil:
			if until.IsZero() {
				until = time.Now().Add(drainAtMost)
			}
			wake = time.Now().Add(quiet)
		case unflushed > 0:
			wake = time.Now().Add(packetPause)
		}
		conn.SetReadDeadline(wake)
		n, from, err := conn.ReadFromUDPAddrPort(room)
		if err == nil && n > 0 {
			sender := from.Addr().Unmap()
			b := senders[sender]
			if b == nil {
				b = &bundle{in: in, source: "udp/" + sender.String()}
				senders[sender] = b
			}
			if err := b.add(write, trimEnd(room[:min(n, maxLineBytes)]), n > maxLineBytes); err != nil {
				return err
			}
			if unflushed == 0 {
				since = time.Now()
			}
			unflushed += n
		}
		if err == nil && unflushed < maxLineBytes && time.Since(since) < packetWait && until.IsZero() {
			continue
		}
		stopping := !until.IsZero() && (err != nil || time.Now().After(until))
		if err := flush(stopping); err != nil {
			return err
		}
		unflushed = 0
		switch {
		case stopping:
			return nil
		case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			if stop.Err() == nil {
				return err
			}
		}
	}
}
