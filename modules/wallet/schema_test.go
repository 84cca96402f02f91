package wallet

import (
	"context"
	"errors"
	"testing"

	"github.com/lib/pq"

	"suiftly/internal/customer"
	"suiftly/internal/money"
	"suiftly/internal/pgtest"
)

// refusedBy gives the name of the rule that a failed statement broke.
func refusedBy(err error) string {
	var p *pq.Error
	if errors.As(err, &p) {
		return p.Constraint
	}
	return ""
}

func TestSchemaKeepsTheLedger(t *testing.T) {
	t.Parallel()
	m := setup(t)
	must(t, m.credit(alice, 100, "c"), m.charge(alice, 30, "x"), m.charge(bob, 30, "y"))
	const entry = `insert into wallet.transactions (cause, kind, customer_id, other_account_id, amount_micros, lines, at)
		select 'forged', 'credit', 1001, account_id, 50, 2, now() from wallet.accounts where kind = 'promo';`
	posting := func(line, amount, account string) string {
		return `insert into wallet.postings (transaction_id, line, account_id, amount_micros)
			select t.transaction_id, ` + line + `, a.account_id, ` + amount + ` from wallet.transactions t, wallet.accounts a
			where t.cause = 'forged' and ` + account + `;`
	}
	const alices, bobs, promos = `a.kind = 'available' and a.customer_id = 1001`, `a.kind = 'available' and a.customer_id = 1002`, `a.kind = 'promo'`
	for name, c := range map[string]struct{ sql, rule string }{
		"changing a posting":             {`update wallet.postings set amount_micros = 1`, "postings_append_only"},
		"removing a posting":             {`delete from wallet.postings`, "postings_append_only"},
		"emptying the postings":          {`truncate wallet.postings`, "postings_append_only"},
		"changing a transaction":         {`update wallet.transactions set customer_id = 1002`, "transactions_append_only"},
		"removing a transaction":         {`delete from wallet.transactions where cause = 'c'`, "transactions_append_only"},
		"emptying everything":            {`truncate auth.customers cascade`, ""},
		"moving an account":              {`update wallet.accounts set customer_id = 1002 where customer_id = 1001`, "accounts_append_only"},
		"setting a balance":              {`update wallet.balances set available_micros = 1000000`, "balances_follow_postings"},
		"removing a balance":             {`delete from wallet.balances`, "balances_append_only"},
		"making up a balance":            {`insert into wallet.balances (customer_id, available_micros) values (1001, 5)`, "balances_follow_postings"},
		"a transaction without lines":    {entry, "transactions_balanced"},
		"a sum that is not zero":         {entry + posting("1", "50", alices) + posting("2", "-49", promos), "transactions_balanced"},
		"one line only":                  {entry + posting("1", "50", alices), "transactions_balanced"},
		"another amount than it says":    {entry + posting("1", "60", alices) + posting("2", "-60", promos), "transactions_balanced"},
		"another customer's account":     {entry + posting("1", "50", bobs) + posting("2", "-50", promos), "transactions_balanced"},
		"another account than it says":   {entry + posting("1", "50", alices) + posting("2", "-50", `a.kind = 'chain_in'`), "transactions_balanced"},
		"a third line of two":            {entry + posting("1", "50", alices) + posting("2", "-50", promos) + posting("3", "1", promos), "postings_within_lines"},
		"a line of zero":                 {entry + posting("1", "0", alices), "postings_not_zero"},
		"taking more than there is":      {`with t as (insert into wallet.transactions (cause, kind, customer_id, other_account_id, amount_micros, lines, at) select 'forged', 'charge', 1001, account_id, -500, 2, now() from wallet.accounts where kind = 'promo' returning transaction_id) insert into wallet.postings select t.transaction_id, 1, account_id, -500 from t, wallet.accounts where kind = 'available' and customer_id = 1001`, "balances_available_not_negative"},
		"a line for an old transaction":  {`insert into wallet.postings select transaction_id, 3, account_id, 5 from wallet.transactions, wallet.accounts where cause = 'c' and wallet.accounts.kind = 'promo'`, "postings_within_lines"},
		"a cause twice":                  {`insert into wallet.transactions (cause, kind, customer_id, other_account_id, amount_micros, lines, at) select 'c', 'credit', 1001, account_id, 50, 2, now() from wallet.accounts where kind = 'promo'`, "transactions_cause_once"},
		"a second available account":     {`insert into wallet.accounts (kind, customer_id) values ('available', 1001)`, "accounts_once"},
		"a second promo account":         {`insert into wallet.accounts (kind) values ('promo')`, "accounts_once"},
		"a customer's revenue":           {`insert into wallet.accounts (kind, customer_id, service) values ('revenue', 1001, 'seal')`, "accounts_kind_known"},
		"removing a customer with money": {`delete from auth.customers where customer_id = 1001`, "accounts_customer_fkey"},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			// Several statements in one query are one transaction, deferred checks included.
			_, err := m.kit.DB.Exec(c.sql)
			if err == nil || c.rule != "" && refusedBy(err) != c.rule {
				t.Fatalf("got %v, want %s", err, c.rule)
			}
		})
	}
	t.Run("lines may come one by one, the sum is looked at in the end", func(t *testing.T) {
		_, err := m.kit.DB.Exec(entry + posting("2", "-50", promos) + posting("1", "50", alices))
		must(t, err)
		m.holds(t, alice, Balance{Available: 120})
	})
	m.sound(t)
}

func TestCheckFindsWhatTheDatabaseCouldNotPrevent(t *testing.T) {
	t.Parallel()
	m := setup(t)
	must(t, m.credit(alice, 100, "c"))
	// A superuser, or a restore gone wrong.
	_, err := m.kit.DB.Exec(`set session_replication_role = replica;
		update wallet.balances set available_micros = 101;
		update wallet.postings set amount_micros = 99 where amount_micros = 100;
		set session_replication_role = origin`)
	must(t, err)
	wrong, err := m.Check(context.Background())
	if err != nil || len(wrong) != 2 {
		t.Fatalf("%v %q", err, wrong)
	}
}

func TestStatements(t *testing.T) {
	pgtest.Prepare(t, pgtest.DB(t), map[string]string{
		"ping": pingSQL, "balance": balanceSQL, "lock balance": lockBalanceSQL, "lock balances": lockBalancesSQL, "open customers": openCustomersSQL, "open revenue": openRevenueSQL,
		"accounts": accountsSQL, "posted": postedSQL, "post": postTransactionsSQL, "list": listTransactionsSQL,
		"check unbalanced": checkUnbalancedSQL, "check balances": checkBalancesSQL, "sum charged": sumChargedSQL,
	})
}

func TestConfig(t *testing.T) {
	if wrong := DefaultConfig().Validate(); len(wrong) > 0 {
		t.Errorf("the defaults are refused: %v", wrong)
	}
	for _, usd := range []money.Micros{-1, maxWelcomeCredit + 1} {
		if wrong := (Config{WelcomeCreditUSD: usd}).Validate(); len(wrong) != 1 {
			t.Errorf("%s: %v", usd, wrong)
		}
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	m := setup(t)
	as := func(id customer.ID) context.Context {
		return customer.With(context.Background(), customer.Identity{ID: id})
	}
	must(t, m.credit(alice, 100, "c"), m.credit(bob, 7, "b"), m.charge(alice, 30, "x"), m.charge(alice, 90, "y"))
	t.Run("the balance is the caller's", func(t *testing.T) {
		out, err := m.getBalance(as(alice), nil)
		if want := (walletBalance{Receivable: 20, Net: -20}); err != nil || out.Body != want {
			t.Fatalf("%v %+v", err, out.Body)
		}
		if out, err = m.getBalance(as(4711), nil); err != nil || out.Body != (walletBalance{}) {
			t.Fatalf("a customer without transactions: %v %+v", err, out.Body)
		}
	})
	t.Run("pages give each of the caller's transactions once, newest first", func(t *testing.T) {
		var causes []string
		in := transactionsInput{Limit: 2}
		for {
			out, err := m.getTransactions(as(alice), &in)
			must(t, err)
			for _, tr := range out.Body.Transactions {
				causes = append(causes, tr.Cause)
			}
			if in.Cursor = out.Body.NextCursor; in.Cursor == "" {
				break
			}
		}
		if len(causes) != 3 || causes[0] != "y" || causes[2] != "c" {
			t.Fatalf("%v", causes)
		}
	})
	t.Run("a cursor that is none is refused", func(t *testing.T) {
		for _, cursor := range []string{"-1", "0", "!", "zzzzzzzzzzzzzzzzzzz"} {
			if _, err := m.getTransactions(as(alice), &transactionsInput{Limit: 2, Cursor: cursor}); !errors.Is(err, errCursor) {
				t.Errorf("%q: %v", cursor, err)
			}
		}
	})
	t.Run("the view speaks the original document's words", func(t *testing.T) {
		var row struct{ Amount, Status string }
		must(t, m.kit.DB.Get(&row, `select amount, status from wallet.billing_transactions where customer_id = 1001 and transaction_hash is null and cause = 'x'`))
		if row.Amount != "-0.000030" || row.Status != "posted" {
			t.Fatalf("%+v", row)
		}
	})
}
