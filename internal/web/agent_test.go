package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"suiftly/internal/web"
)

func TestEdgeAgents(t *testing.T) {
	t.Parallel()
	type batchIn struct {
		RawBody []byte `contentType:"text/plain"`
	}
	type batchOut struct {
		Body struct {
			Agent    string `json:"agent"`
			Encoding string `json:"encoding"`
			Bytes    int    `json:"bytes"`
		}
	}
	h := setup(t, func(c *web.Config) { c.BodyLimitBytes, c.RequestDeadline = 4096, time.Second }, func(h *house) {
		h.Agent = func(token string) (string, bool) { return "fra-1", token == "right" }
		r := h.Room("agents")
		web.Post(r, "/batch", "batch", web.Edge, "-", func(ctx context.Context, in *batchIn) (*batchOut, error) {
			var out batchOut
			out.Body.Agent, out.Body.Encoding, out.Body.Bytes = web.EdgeFrom(ctx), web.ContentEncoding(ctx), len(in.RawBody)
			return &out, nil
		}, web.Body(64<<10))
		web.Get(r, "/news", "news", web.Edge, "-", func(ctx context.Context, _ *struct{}) (*struct{ Body string }, error) {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(1200 * time.Millisecond):
				return &struct{ Body string }{"news"}, nil
			}
		}, web.Lasts(time.Minute))
	})
	ask := func(method, path string, body []byte, headers ...string) (int, string) {
		t.Helper()
		request, err := http.NewRequest(method, h.url+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "text/plain")
		for i := 0; i < len(headers); i += 2 {
			request.Header.Set(headers[i], headers[i+1])
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	const batch = "/api/v1/agents/batch"
	small, large, huge := []byte("line\n"), bytes.Repeat([]byte("line\n"), 4000), bytes.Repeat([]byte("line\n"), 20000)

	t.Run("the token is the only way in", func(t *testing.T) {
		for _, header := range [][]string{nil, {"Authorization", "Bearer wrong"}, {"Authorization", "Basic right"}, {"Authorization", "right"}, {"Cookie", "suiftly-access=token-7"}} {
			if status, text := ask(http.MethodPost, batch, small, header...); status != 401 || !strings.Contains(text, `"edge.token_needed"`) {
				t.Errorf("%v: %d %s", header, status, text)
			}
		}
		if status, text := ask(http.MethodPost, batch, small, "Authorization", "Bearer right"); status != 200 || !strings.Contains(text, `"agent":"fra-1"`) {
			t.Errorf("%d %s", status, text)
		}
		if status, _ := ask(http.MethodGet, "/api/v1/room/customer", nil, "Authorization", "Bearer right"); status != 401 {
			t.Errorf("an agent is not a customer: %d", status)
		}
		if line := h.logged(); !strings.Contains(line, "agent=fra-1") || strings.Contains(line, "right") {
			t.Error(line)
		}
	})
	t.Run("a large body is an agent's and nobody else's", func(t *testing.T) {
		if status, text := ask(http.MethodPost, batch, large, "Authorization", "Bearer right"); status != 200 || !strings.Contains(text, `"bytes":20000`) {
			t.Errorf("%d %s", status, text)
		}
		if status, text := ask(http.MethodPost, batch, huge, "Authorization", "Bearer right"); status != 413 {
			t.Errorf("%d %s", status, text)
		}
		if status, text := ask(http.MethodPost, batch, large, "Authorization", "Bearer wrong"); status != 413 {
			t.Errorf("%d %s", status, text)
		}
		if status, text := ask(http.MethodPost, "/api/v1/room/things", large, "Cookie", "suiftly-access=token-1"); status != 413 {
			t.Errorf("%d %s", status, text)
		}
	})
	t.Run("a compressed body arrives as it was sent, and only where it is expected", func(t *testing.T) {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = w.Write(large)
		_ = w.Close()
		if status, text := ask(http.MethodPost, batch, packed.Bytes(), "Authorization", "Bearer right", "Content-Encoding", "gzip"); status != 200 || !strings.Contains(text, `"encoding":"gzip"`) || strings.Contains(text, `"bytes":20000`) {
			t.Errorf("%d %s", status, text)
		}
		if status, text := ask(http.MethodPost, "/api/v1/room/things", packed.Bytes(), "Cookie", "suiftly-access=token-1", "Content-Encoding", "gzip"); status != 415 || !strings.Contains(text, `"web.encoded"`) {
			t.Errorf("%d %s", status, text)
		}
	})
	t.Run("who waits for news may wait longer than a request", func(t *testing.T) {
		if status, text := ask(http.MethodGet, "/api/v1/agents/news", nil, "Authorization", "Bearer right"); status != 200 || !strings.Contains(text, "news") {
			t.Errorf("%d %s", status, text)
		}
	})
}
