package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"suiftly/internal/pg"
)

func TestPostgresGoesAndComesBack(t *testing.T) {
	t.Parallel()
	dir := short(t)
	quietly := slog.New(slog.DiscardHandler)
	server := must(pg.StartThrowaway(context.Background(), dir, quietly, false))(t)
	t.Cleanup(func() { server.Stop() })
	st := build(t, 1, server.URL(), byPath)
	_, key := st.buyer(13, "seal")
	replica := st.replicas[0].url()
	if got := st.send(key, paths(50)); got[200] != 50 {
		t.Fatalf("the API answered %v", got)
	}

	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, func() error { return status(replica+"/readyz", http.StatusServiceUnavailable) })
	if err := status(replica+"/livez", http.StatusOK); err != nil {
		t.Error(err)
	}
	if err := status(replica+"/api/v1/meta", http.StatusOK); err != nil {
		t.Errorf("what needs no database: %v", err)
	}
	// Customers' own services go on: HAProxy knows the keys and keeps the lines, or the replica does.
	if got := st.send(key, paths(200)); got[200] != 200 {
		t.Errorf("without Postgres the API answered %v", got)
	}

	server = must(pg.StartThrowaway(context.Background(), dir, quietly, false))(t)
	eventually(t, patience, func() error { return status(replica+"/readyz", http.StatusOK) })
	db := must(pg.Open(t.Context(), server.URL(), 1))(t)
	defer db.Close()
	eventually(t, patience, func() error { return rows(db, 250) })
}

func paths(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("/200/%d", i))
	}
	return all
}
