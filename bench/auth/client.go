package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"suiftly/internal/sui"
)

// wallet makes an account out of a number and signs with it.
type wallet struct {
	name string
	keys int // in its committee; 0: a plain key
}

var (
	plain     = wallet{"ed25519", 0}
	committee = wallet{"multisig, 10 of 10 ed25519 keys", 10}
)

func key(n uint32, i int) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	binary.BigEndian.PutUint32(seed, n)
	seed[31] = byte(i)
	return ed25519.NewKeyFromSeed(seed)
}

func (w wallet) address(n uint32) sui.Address {
	if w.keys == 0 {
		return sui.AddressOf(sui.Ed25519, key(n, 0)[ed25519.SeedSize:])
	}
	members := binary.LittleEndian.AppendUint16(nil, uint16(w.keys))
	for i := range w.keys {
		members = append(append(append(members, byte(sui.Ed25519)), key(n, i)[ed25519.SeedSize:]...), 1)
	}
	return sui.AddressOf(sui.MultiSig, members)
}

func (w wallet) sign(n uint32, message string) string {
	digest := sui.PersonalDigest([]byte(message))
	if w.keys == 0 {
		k := key(n, 0)
		raw := append([]byte{byte(sui.Ed25519)}, ed25519.Sign(k, digest[:])...)
		return base64.StdEncoding.EncodeToString(append(raw, k[ed25519.SeedSize:]...))
	}
	raw := []byte{byte(sui.MultiSig), byte(w.keys)}
	for i := range w.keys {
		raw = append(append(raw, 0), ed25519.Sign(key(n, i), digest[:])...)
	}
	raw = binary.LittleEndian.AppendUint16(raw, 1<<w.keys-1)
	raw = append(raw, byte(w.keys))
	for i := range w.keys {
		raw = append(append(append(raw, 0), key(n, i)[ed25519.SeedSize:]...), 1)
	}
	return base64.StdEncoding.EncodeToString(binary.LittleEndian.AppendUint16(raw, uint16(w.keys)))
}

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 10 * time.Second}

// visit signs in once and says how long verify took.
func visit(ctx context.Context, address string, n uint32, w wallet) (time.Duration, error) {
	var c struct {
		ID      string `json:"challenge_id"`
		Message string `json:"message"`
	}
	cookies, err := post(ctx, address, n, "challenge", map[string]any{"address": w.address(n)}, nil, &c)
	if err != nil {
		return 0, err
	}
	proof := map[string]any{"challenge_id": c.ID, "message": c.Message, "signature": w.sign(n, c.Message)}
	began := time.Now()
	_, err = post(ctx, address, n, "verify", proof, cookies, nil)
	return time.Since(began), err
}

func post(ctx context.Context, address string, n uint32, what string, body any, cookies []*http.Cookie, into any) ([]*http.Cookie, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/api/v1/auth/"+what, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-For", net.IPv4(10, byte(n>>16), byte(n>>8), byte(n)).String())
	for _, k := range cookies {
		r.AddCookie(k)
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err = io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %d %s", what, answer.StatusCode, text)
	}
	if into != nil {
		err = json.Unmarshal(text, into)
	}
	return answer.Cookies(), err
}

// flooder sends verifies that fail from one address. It speaks HTTP by hand, so that it takes little of the shared CPUs.
type flooder struct {
	wait           sync.WaitGroup
	refused, other atomic.Int64
	times          times
}

const floodConnections = 25

func startFlood(ctx context.Context, address string, rate int) *flooder {
	f := &flooder{}
	body := `{"challenge_id":"00000000-0000-4000-8000-000000000000","message":"let me in","signature":"` + plain.sign(1, "let me in") + `"}`
	request := []byte("POST /api/v1/auth/verify HTTP/1.1\r\nHost: " + address + "\r\nContent-Type: application/json\r\nX-Forwarded-For: 203.0.113.66\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
	for range floodConnections {
		f.wait.Go(func() {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				return
			}
			defer conn.Close()
			in := bufio.NewReader(conn)
			// A few at each tick: a timer for every request would cost more than the request.
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
				for range max(1, rate/100/floodConnections) {
					began := time.Now()
					if _, err := conn.Write(request); err != nil {
						return
					}
					status, err := answered(in)
					if err != nil {
						return
					}
					f.times.add(time.Since(began), nil)
					if status == http.StatusTooManyRequests {
						f.refused.Add(1)
					} else {
						f.other.Add(1)
					}
				}
			}
		})
	}
	return f
}

func (f *flooder) p99() float64 { return f.times.percentile(.99) }

// answered reads one answer and gives its status.
func answered(in *bufio.Reader) (status int, err error) {
	length := 0
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		switch {
		case first && len(line) > 12:
			status, _ = strconv.Atoi(string(line[9:12]))
		case len(line) <= 2:
			_, err := in.Discard(length)
			return status, err
		case bytes.HasPrefix(line, []byte("Content-Length: ")):
			length, _ = strconv.Atoi(string(bytes.TrimSpace(line[16:])))
		}
	}
}
