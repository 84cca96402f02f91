package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"suiftly/internal/demo"
	"suiftly/internal/edge"
	"suiftly/internal/sui/suitest"
)

// stand is N replicas on one database behind a real HAProxy that runs deploy/haproxy.cfg.
type stand struct {
	t              *testing.T
	replicas       []*replica
	settings       []string // of every replica
	api, dashboard string   // http://host:port at HAProxy
	haproxy        *demo.Child
	socket         string // its Runtime API
	edge           *edge.HAProxy
}

// build puts a stand up; origin answers for every service.
func build(t *testing.T, n int, database string, origin http.Handler, settings ...string) *stand {
	t.Helper()
	dir := short(t)
	config := edge.Config{HAProxySocket: filepath.Join(dir, "haproxy.sock"), MapDir: filepath.Join(dir, "maps")}
	if err := errors.Join(os.Mkdir(config.MapDir, 0o755), os.WriteFile(filepath.Join(config.MapDir, "keys.map"), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	st := &stand{t: t, socket: config.HAProxySocket, edge: edge.New(config, slog.New(slog.DiscardHandler)), settings: append(append(on(database),
		"SUIFTLY_EDGE__HAPROXY_SOCKET="+config.HAProxySocket, "SUIFTLY_EDGE__MAP_DIR="+config.MapDir,
		"SUIFTLY_LOGS__SPOOL_DIR="+filepath.Join(dir, "spool"), "SUIFTLY_LOGS__SPOOL_MB=64", // one folder, as replicas on one host have
	), settings...)}
	for range n {
		st.replicas = append(st.replicas, openAt(t, address(t), address(t), st.settings...))
	}
	for _, r := range st.replicas {
		r.ready(patience)
	}
	services := httptest.NewServer(origin)
	t.Cleanup(services.Close)
	host := strings.TrimPrefix(services.URL, "http://")
	api, dashboard := address(t), address(t)
	st.api, st.dashboard = "http://"+api, "http://"+dashboard
	env := []string{
		"EDGE_API_BIND=" + api, "EDGE_DASHBOARD_BIND=" + dashboard, "EDGE_SOCKET=" + config.HAProxySocket, "EDGE_MAP_DIR=" + config.MapDir,
		"EDGE_ORIGIN_SEAL=" + host, "EDGE_ORIGIN_GRPC=" + host, "EDGE_ORIGIN_GRAPHQL=" + host,
	}
	for i, r := range st.replicas {
		env = append(env, fmt.Sprintf("EDGE_REPLICA_%d=%s", i+1, r.web))
		if i < 2 {
			env = append(env, fmt.Sprintf("EDGE_LOG_%d=%s", i+1, r.logs))
		}
	}
	file, err := filepath.Abs("../deploy/haproxy.cfg")
	if err != nil {
		t.Fatal(err)
	}
	if st.haproxy, err = demo.StartHAProxy(t.Context(), file, env, io.Discard, api, dashboard); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.haproxy.Stop(3 * time.Second) })
	eventually(t, patience, func() error { return status(st.dashboard+"/livez", http.StatusOK) })
	return st
}

// short is a folder whose path leaves room for the name of a socket.
func short(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// again starts replica i anew, at its addresses, and waits as whoever restarts one after the other has to: until HAProxy
// sends it requests.
func (st *stand) again(i int) {
	st.t.Helper()
	old := st.replicas[i]
	st.replicas[i] = openAt(st.t, old.web, old.logs, st.settings...)
	st.replicas[i].ready(patience)
	eventually(st.t, patience, func() error {
		answer, err := st.tell("show stat")
		if err == nil && !regexp.MustCompile(fmt.Sprintf(`(?m)^replicas,replica%d,(.*,)?UP,`, i+1)).MatchString(answer) {
			err = fmt.Errorf("replica%d is not up for haproxy", i+1)
		}
		return err
	})
}

// tell gives HAProxy's answer to a command of its Runtime API.
func (st *stand) tell(command string) (string, error) {
	conn, err := net.Dial("unix", st.socket)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, command+"\n"); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(conn)
	return string(answer), err
}

// kill ends replica i as a power cut does.
func (st *stand) kill(i int) {
	st.replicas[i].Signal(syscall.SIGKILL)
	<-st.replicas[i].Gone()
}

// buyer is a customer with a service that is on and a key that HAProxy admits.
func (st *stand) buyer(wallet byte, service string) (*demo.Customer, demo.Key) {
	st.t.Helper()
	ctx := within(st.t, patience)
	c, err := demo.SignIn(ctx, st.dashboard, suitest.NewWallet(wallet))
	if err != nil {
		st.t.Fatal(err)
	}
	if err := c.Buy(ctx, service, map[string]any{"tier": "pro", "api_keys": 3}); err != nil {
		st.t.Fatal(err)
	}
	return c, st.key(c, service)
}

// key makes a key; the promise is that it works within 5 s.
func (st *stand) key(c *demo.Customer, service string) demo.Key {
	st.t.Helper()
	key, err := c.NewKey(within(st.t, patience), service, "test")
	if err != nil {
		st.t.Fatal(err)
	}
	if err := demo.Live(within(st.t, 5*time.Second), st.edge, key); err != nil {
		st.t.Fatal(err)
	}
	return key
}

// ask sends one request with a key and gives the status.
func ask(ctx context.Context, client *http.Client, url, key string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("X-API-Key", key)
	answer, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, err
}

// send asks for all paths, some at a time, and counts the statuses.
func (st *stand) send(key demo.Key, paths []string) map[int]int {
	st.t.Helper()
	const atOnce = 16
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: atOnce}}
	defer client.CloseIdleConnections()
	queue := make(chan string)
	counts := map[int]int{}
	var mu sync.Mutex
	var senders sync.WaitGroup
	for range atOnce {
		senders.Go(func() {
			for path := range queue {
				got, err := ask(st.t.Context(), client, st.api+path, key.Key)
				if err != nil {
					st.t.Errorf("%s: %v", path, err)
				}
				mu.Lock()
				counts[got]++
				mu.Unlock()
			}
		})
	}
	for _, p := range paths {
		queue <- p
	}
	close(queue)
	senders.Wait()
	return counts
}

// byPath answers /200/… with 200 and so on.
var byPath = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	code := 0
	if _, err := fmt.Sscanf(r.URL.Path, "/%d/", &code); err != nil || code < 200 || code > 599 {
		code = http.StatusOK
	}
	w.WriteHeader(code)
	fmt.Fprintf(w, "{\"status\":%d}\n", code)
})
