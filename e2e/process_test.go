package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"suiftly/internal/demo"
)

// patience bounds everything that is waited for where no promise says less.
const patience = 90 * time.Second

// process is a suiftly that runs.
type process struct {
	*demo.Child
	t   *testing.T
	log string
}

// command is the binary with nothing of our own environment but the settings, in an empty folder.
func command(dir string, settings []string, args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + os.TempDir()}, settings...)
	return cmd
}

// start runs cmd until it ends or the test does; then its log is shown if the test failed.
func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd.Stdout, cmd.Stderr = f, f
	child, err := demo.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Child: child, t: t, log: f.Name()}
	t.Cleanup(func() {
		p.Signal(syscall.SIGKILL)
		<-p.Gone()
		if t.Failed() {
			t.Logf("suiftly %s (process %d) logged:\n%s", strings.Join(cmd.Args[1:], " "), p.PID(), p.logged())
		}
	})
	return p
}

func (p *process) logged() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	if len(text) > 12_000 {
		text = text[len(text)-12_000:]
	}
	return string(text)
}

// ends waits for the end and gives the exit code.
func (p *process) ends(within time.Duration) int {
	p.t.Helper()
	select {
	case <-p.Gone():
		return p.Exit()
	case <-time.After(within):
		p.t.Fatalf("process %d did not end within %s", p.PID(), within)
		return -1
	}
}

// run runs a command to its end.
func run(t *testing.T, settings []string, args ...string) (code int, out, problems string) {
	t.Helper()
	return runIn(t, t.TempDir(), settings, args...)
}

func runIn(t *testing.T, dir string, settings []string, args ...string) (code int, out, problems string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := command(dir, settings, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	child, err := demo.Start(cmd)
	if err != nil {
		t.Error(err)
		return -1, "", ""
	}
	select {
	case <-child.Gone():
	case <-time.After(2 * patience):
		child.Signal(syscall.SIGKILL)
		<-child.Gone()
		t.Errorf("suiftly %s did not end", strings.Join(args, " "))
	}
	return child.Exit(), stdout.String(), stderr.String()
}

// replica is one suiftly serve.
type replica struct {
	*process
	web, logs string // host:port
}

func (r *replica) url() string { return "http://" + r.web }

// serve starts a replica on a database and waits until it is ready. settings win over what serve sets.
func serve(t *testing.T, database string, settings ...string) *replica {
	t.Helper()
	r := open(t, database, settings...)
	r.ready(patience)
	return r
}

// open is serve without the waiting.
func open(t *testing.T, database string, settings ...string) *replica {
	t.Helper()
	web, logs := address(t), address(t)
	return openAt(t, web, logs, append(on(database), settings...)...)
}

// on are the settings of every replica and every command on a database.
func on(database string) []string {
	return []string{"SUIFTLY_DATABASE__URL=" + database, "SUIFTLY_AUTH__SIGNING_KEYS=[\"a key that all replicas of a test share\"]"}
}

func openAt(t *testing.T, web, logs string, settings ...string) *replica {
	t.Helper()
	cmd := command(t.TempDir(), append([]string{
		"SUIFTLY_WEB__LISTEN=" + web, "SUIFTLY_LOGS__LISTEN=" + logs,
	}, settings...), "serve")
	return &replica{process: start(t, cmd), web: web, logs: logs}
}

func (r *replica) ready(within time.Duration) {
	r.t.Helper()
	eventually(r.t, within, func() error {
		select {
		case <-r.Gone():
			r.t.Fatalf("the replica ended: %s", r.logged())
		default:
		}
		return status(r.url()+"/readyz", http.StatusOK)
	})
}

func address(t *testing.T) string {
	t.Helper()
	a, err := demo.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var quick = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// status is an error unless url answers with the wanted status.
func status(url string, want int) error {
	answer, err := quick.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != want {
		return fmt.Errorf("%s answers %d %s", url, answer.StatusCode, bytes.TrimSpace(body))
	}
	return nil
}

// eventually asks until there is no error.
func eventually(t *testing.T, within time.Duration, ask func() error) {
	t.Helper()
	end := time.Now().Add(within)
	for {
		err := ask()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("still after %s: %v", within, err)
		}
		time.Sleep(20 * time.Millisecond) // between two questions
	}
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// must takes a call's two results and then the test, which it stops when there is an error.
func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// text is a request's body, none when it is empty.
func text(body string) io.Reader {
	if body == "" {
		return nil
	}
	return strings.NewReader(body)
}
