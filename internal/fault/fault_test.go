package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"suiftly/internal/fault"
)

func TestFault(t *testing.T) {
	errFull := fault.New(fault.Conflict, "room.full", "The room is full.")
	t.Run("a derived and wrapped copy is still the declared failure", func(t *testing.T) {
		err := fmt.Errorf("enter: %w", errFull.With(fault.Field{Name: "room", Message: "full"}).Because(errors.New("pq: secret")))
		if !errors.Is(err, errFull) {
			t.Fatalf("%v is not %v", err, errFull)
		}
		if f := fault.Of(err); f.Kind != fault.Conflict || len(f.Fields) != 1 || f.Sentence != "The room is full." {
			t.Fatalf("got %+v", f)
		}
	})
	t.Run("deriving leaves the declaration alone", func(t *testing.T) {
		_ = errFull.With(fault.Field{Name: "a"}).Say("other")
		if len(errFull.Fields) != 0 || errFull.Sentence != "The room is full." {
			t.Fatalf("declaration changed: %+v", errFull)
		}
	})
	t.Run("an unclassified error is internal and keeps its cause out of the sentence", func(t *testing.T) {
		cause := errors.New("pq: password is hunter2")
		f := fault.Of(cause)
		if f.Kind != fault.Internal || f.Code != "internal" || !errors.Is(f, cause) {
			t.Fatalf("got %+v", f)
		}
		if f.Sentence == "" || f.Sentence == cause.Error() {
			t.Fatalf("sentence %q", f.Sentence)
		}
	})
}
