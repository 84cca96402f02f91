package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func (r *room) release(f HeldFilter) Redriven {
	r.t.Helper()
	done, err := r.ReleaseQuarantined(context.Background(), f)
	if err != nil {
		r.t.Fatal(err)
	}
	return done
}

func (r *room) redrive(f HeldFilter) Redriven {
	r.t.Helper()
	done, err := r.RedriveRejects(context.Background(), f)
	if err != nil {
		r.t.Fatal(err)
	}
	return done
}

func (r *room) audited() int { return r.count(`select count(*) from ops.audit`) }

func TestRedrive(t *testing.T) {
	t.Parallel()

	t.Run("held rows are released once, metered, and leave one audit row", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		old, ahead := now.AddDate(0, 0, -40), now.Add(time.Hour)
		lines := [][]byte{
			line(1, old, "1001", "seal", 200, 1), line(2, old, "7", "seal", 200, 1), line(3, ahead, "1001", "seal", 200, 1),
			line(4, now.AddDate(0, 0, -95), "1001", "seal", 200, 1), line(5, now, "1001", "seal", 200, 1),
		}
		r.take("a@spool", 0, lines)
		r.take("b", 0, [][]byte{line(6, old, "1001", "seal", 200, 1)})
		r.meter()
		r.sound()
		if got := r.release(HeldFilter{Reason: "future"}); got.Tried != 0 || r.audited() != 0 {
			t.Errorf("%+v, %d audit rows", got, r.audited())
		}
		if got := r.release(HeldFilter{Reason: "old", Source: "a"}); got != (Redriven{Tried: 2, Stored: 2, Unattributed: 1}) || r.audited() != 1 {
			t.Errorf("%+v, %d audit rows", got, r.audited())
		}
		r.meter()
		r.sound()
		if n := r.count(`select sum(requests) from logs.usage_hours`); n != 3 {
			t.Errorf("%d metered", n)
		}
		r.kit.Now = func() time.Time { return now.Add(2 * time.Hour) }
		r.take("c", 0, lines[2:3]) // came again, and is not in the future any more
		if got := r.release(HeldFilter{}); got != (Redriven{Tried: 2, Stored: 1, Duplicates: 1}) {
			t.Errorf("%+v", got)
		}
		if got := r.release(HeldFilter{}); got.Tried != 0 || r.audited() != 2 {
			t.Errorf("released again: %+v", got)
		}
		if got := r.take("d", 0, lines[:2]); got.duplicates != 2 { // old lines that come again are known
			t.Errorf("%+v", got)
		}
		r.meter()
		r.sound()
		if n := r.count(allRows); n != 5 {
			t.Errorf("%d rows", n)
		}
		page, next, err := r.Quarantine(context.Background(), HeldFilter{Reason: "old"}, "", 2)
		if err != nil || len(page) != 2 || next == "" {
			t.Fatal(len(page), next, err)
		}
		rest, next, err := r.Quarantine(context.Background(), HeldFilter{Reason: "old"}, next, 2)
		if err != nil || len(rest) != 2 || next != "" || rest[0].ID == page[1].ID {
			t.Fatal(len(rest), next, err)
		}
	})

	t.Run("a reject that today's parser reads becomes the row it would have been", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		good := line(1, now, "1001", "seal", 200, 1)
		noID := bytes.Replace(line(2, now, "1001", "seal", 200, 1), []byte(`"id":"`), []byte(`"x":"`), 1)
		r.take("a", 0, [][]byte{[]byte("junk"), []byte("new format 1"), []byte("new format 2"), []byte("nul\x00 in it"), []byte("old time")})
		// What the parser could not read when it came.
		for was, is := range map[string][]byte{"new format 1": good, "new format 2": noID, "old time": line(3, now.AddDate(0, 0, -50), "1001", "seal", 200, 1)} {
			r.db.MustExec(`update logs.rejects set line = $1 where line = $2`, string(is), was)
		}
		if n := r.count(`select count(*) from logs.rejects where intact`); n != 4 {
			t.Errorf("%d intact", n)
		}
		if got := r.redrive(HeldFilter{Reason: "json"}); got.Tried != 0 || r.audited() != 0 {
			t.Errorf("%+v", got)
		}
		rid := r.texts(`select rid::text from logs.rejects where line = $1`, string(noID))[0]
		if got := r.redrive(HeldFilter{Source: "a"}); got != (Redriven{Tried: 4, Stored: 2, Quarantined: 1, Left: 1}) || r.audited() != 1 {
			t.Errorf("%+v", got)
		}
		if got := r.redrive(HeldFilter{}); got != (Redriven{Tried: 1, Left: 1}) || r.audited() != 1 {
			t.Errorf("again: %+v", got)
		}
		if n := r.count(`select count(*) from logs.haproxy_logs where rid = $1`, rid); n != 1 {
			t.Error("the row has another identity than the line")
		}
		if got := r.take("b", 0, [][]byte{good}); got.duplicates != 1 {
			t.Errorf("%+v", got)
		}
		r.meter()
		r.sound()
		page, next, err := r.Rejects(context.Background(), HeldFilter{Source: "a"}, "", 3)
		if err != nil || len(page) != 3 || next == "" {
			t.Fatal(len(page), next, err)
		}
		if _, _, err := r.Rejects(context.Background(), HeldFilter{}, "x", 3); !errors.Is(err, ErrBadCursor) {
			t.Error(err)
		}
	})

	t.Run("rows of nobody become a customer's as if they had always been", func(t *testing.T) {
		t.Parallel()
		lines := func(customer string) (all [][]byte) {
			for i := range 400 {
				all = append(all, line(i, now.Add(-time.Duration(i)*time.Minute), customer, []string{"seal", "grpc"}[i%2], []int{200, 302, 404, 429, 503, -1}[i%6], i*10))
			}
			return all
		}
		others := func(r *room) {
			r.take("others", 0, [][]byte{line(900, now, "7", "-", 200, 1), line(901, now, "8", "seal", 200, 1), line(902, now, "1001", "seal", 200, 5)})
		}
		want := setup(t)
		want.take("a", 0, lines("1001"))
		others(want)
		want.meter()

		r := setup(t)
		r.take("a", 0, lines("7")[:250])
		others(r)
		r.meter()
		r.take("b", 0, lines("7")[250:]) // not metered when it changes hands
		found, err := r.Claims(context.Background(), now.AddDate(0, 0, -1), now.Add(time.Minute))
		if err != nil || len(found) != 4 || found[0].Claimed != "7" || found[0].Requests != 200 {
			t.Errorf("%+v %v", found, err)
		}
		ctx := context.Background()
		if _, _, err := r.Attribute(ctx, "7", 5, now.AddDate(0, 0, -9), now.Add(time.Hour)); !errors.Is(err, ErrNobody) {
			t.Error(err)
		}
		rows, more, err := r.Attribute(ctx, "7", 1001, now.AddDate(0, 0, -9), now.Add(time.Hour))
		if err != nil || rows != 400 || more || r.audited() != 1 {
			t.Fatal(rows, more, err)
		}
		r.sound()
		r.meter()
		r.sound()
		if rows, _, err := r.Attribute(ctx, "7", 1001, now.AddDate(0, 0, -9), now.Add(time.Hour)); err != nil || rows != 0 || r.audited() != 1 {
			t.Error(rows, err)
		}
		if got, want := r.totals(), want.totals(); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
		if got, want := r.rows(), want.rows(); got != want {
			t.Error("other rows")
		}
		if n := r.count(`select sum(unattributed) from logs.batches`); n != 2 {
			t.Errorf("%d unattributed", n)
		}
	})

	t.Run("sources count every line", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		good := line(1, now, "1001", "seal", 200, 1)
		r.take("tcp/10.0.0.1@one", 0, [][]byte{good, []byte("junk"), line(2, now.AddDate(0, 0, -50), "1001", "seal", 200, 1)})
		r.take("tcp/10.0.0.1@two", 0, [][]byte{good, line(3, now, "7", "seal", 200, 1)})
		r.take("edge/fra-1/haproxy", 0, [][]byte{good})
		sources, err := r.Sources(context.Background(), time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range sources {
			got = append(got, fmt.Sprint(s.Source, s.Batches, s.Lines, s.Stored, s.Duplicates, s.Rejected, s.Quarantined, s.Unattributed))
		}
		if strings.Join(got, "|") != "edge/fra-1/haproxy1 1 0 1 0 0 0|tcp/10.0.0.12 5 2 1 1 1 1" {
			t.Error(strings.Join(got, "|"))
		}
	})

	t.Run("doctor finds a held row or a reject that is gone", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.kit.Now = time.Now
		r.take("a", 0, [][]byte{[]byte("junk"), line(2, time.Now().AddDate(0, 0, -50), "1001", "seal", 200, 1)})
		r.sound()
		r.db.MustExec(`delete from logs.quarantine`)
		r.db.MustExec(`delete from logs.rejects`)
		wrong, err := r.Check(context.Background())
		if err != nil || len(wrong) != 1 || !strings.Contains(wrong[0], "says 1 quarantined and 1 rejected lines; there are 0 and 0") {
			t.Error(wrong, err)
		}
	})
}
