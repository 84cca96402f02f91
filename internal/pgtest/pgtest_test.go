package pgtest_test

import (
	"testing"

	"suiftly/internal/customer"
	"suiftly/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestDB(t *testing.T) {
	db := pgtest.DB(t)

	t.Run("has the migrations", func(t *testing.T) {
		pgtest.Customer(t, db, customer.ID(1001))
		var n int
		if err := db.Get(&n, `select count(*) from auth.customers`); err != nil || n != 1 {
			t.Fatal(n, err)
		}
	})
	t.Run("knows no table without its schema", func(t *testing.T) {
		if _, err := db.Exec(`select from customers`); err == nil {
			t.Fatal("found customers without schema")
		}
	})
}
