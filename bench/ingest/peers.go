package main

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// What others would take instead, where it is installed (apt-get install rsyslog rsyslog-pgsql pgloader). rsyslog parses the
// JSON and inserts row by row, so it gets a tenth of the lines; pgloader gets the rows ready for COPY, and only has to load them.
const (
	rsyslogPart = 10
	rsyslogConf = `
global(workDirectory="%[1]s")
module(load="imtcp")
module(load="mmjsonparse")
module(load="ompgsql")
main_queue(queue.type="LinkedList" queue.size="1000000" queue.dequeueBatchSize="5000" queue.workerThreads="2")
input(type="imtcp" address="127.0.0.1" port="%[2]s")
template(name="row" type="list" option.stdsql="on") {
	constant(value="insert into logs.haproxy_logs (timestamp, batch_id, customer_id, bytes_sent, bytes_received, duration_ms, status, billable, reached, rid, client_ip, service, key_id, method, path, backend, server, termination) values (to_timestamp(")
	property(name="$!t") constant(value=" / 1e6), 1, ") property(name="$!c") constant(value=", ") property(name="$!bo") constant(value=", ") property(name="$!bi")
	constant(value=", ") property(name="$!d") constant(value=", ") property(name="$!st") constant(value=", true, true, '") property(name="$!id")
	constant(value="', '") property(name="$!ip") constant(value="', '") property(name="$!s") constant(value="', '") property(name="$!k") constant(value="', '") property(name="$!m")
	constant(value="', '") property(name="$!p") constant(value="', '") property(name="$!be") constant(value="', '") property(name="$!sv") constant(value="', '") property(name="$!ts")
	constant(value="') on conflict do nothing")
}
action(type="mmjsonparse" cookie="")
action(type="ompgsql" conninfo="%[3]s" template="row" queue.type="LinkedList" queue.size="1000000" queue.dequeueBatchSize="5000")
`
	pgloaderConf = `LOAD COPY FROM copy://%[1]s (%[2]s)
INTO %[3]s
TARGET TABLE logs.haproxy_logs (%[2]s)
WITH batch rows = 5000, on error stop;
`
)

func (b *bench) peers() (all []variant, missing []string) {
	if modules, _ := filepath.Glob("/usr/lib/*/rsyslog/ompgsql.so"); len(modules) > 0 && found("rsyslogd") {
		all = append(all, variant{"rsyslog + ompgsql, JSON parsed, one insert a row", b.rsyslog, rsyslogPart})
	} else {
		missing = append(missing, "rsyslog rsyslog-pgsql")
	}
	if found("pgloader") {
		all = append(all, variant{"pgloader, rows made beforehand", b.pgloader, 1})
	} else {
		missing = append(missing, "pgloader")
	}
	return all, missing
}

func found(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// rsyslog gives the time from the first byte sent to the last row committed.
func (b *bench) rsyslog() (took time.Duration, err error) {
	dir, err := os.MkdirTemp(filepath.Dir(b.file), "rsyslog")
	if err != nil {
		return 0, err
	}
	port, err := freePort()
	if err != nil {
		return 0, err
	}
	conf := filepath.Join(dir, "rsyslog.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, rsyslogConf, dir, port, b.url), 0o600); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(b.ctx, "rsyslogd", "-n", "-f", conf, "-i", filepath.Join(dir, "pid"))
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}()
	var conn net.Conn
	for tries := 0; ; tries++ {
		if conn, err = net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			break
		}
		if tries > 200 {
			return 0, fmt.Errorf("rsyslogd does not listen: %s", said.String())
		}
		time.Sleep(50 * time.Millisecond)
	}
	began := time.Now()
	if _, err := conn.Write(b.part); err != nil {
		return 0, err
	}
	if err := conn.Close(); err != nil {
		return 0, err
	}
	rows := 0
	for moved := time.Now(); ; {
		before := rows
		if err := b.db.GetContext(b.ctx, &rows, `select count(*) from logs.haproxy_logs`); err != nil {
			return 0, err
		}
		if rows == b.lines/rsyslogPart {
			return time.Since(began), nil
		}
		if rows != before {
			moved = time.Now()
		}
		if time.Since(moved) > time.Minute {
			return 0, fmt.Errorf("rsyslogd wrote %d of %d rows: %s", rows, b.lines/rsyslogPart, said.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (b *bench) pgloader() (time.Duration, error) {
	at, err := url.Parse(b.url)
	if err != nil {
		return 0, err
	}
	target := fmt.Sprintf("postgresql://%s@unix:%s:5432%s", at.User.Username(), at.Query().Get("host"), at.Path)
	load := filepath.Join(filepath.Dir(b.file), "rows.load")
	if err := os.WriteFile(load, fmt.Appendf(nil, pgloaderConf, b.file, columns, target), 0o600); err != nil {
		return 0, err
	}
	began := time.Now()
	if out, err := exec.CommandContext(b.ctx, "pgloader", "--root-dir", filepath.Dir(b.file), load).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	return time.Since(began), nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}
