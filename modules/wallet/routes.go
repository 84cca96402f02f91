package wallet

import (
	"context"
	"math"
	"strconv"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/money"
	"suiftly/internal/web"
)

// Routes are under /api/v1/wallet.
func (m *Module) Routes(r *web.Router) {
	web.Get(r, "/balance", "balance", web.Customer, "What you have: available, reserved, owed", m.getBalance)
	web.Get(r, "/transactions", "transactions", web.Customer, "Your ledger, newest first", m.getTransactions)
}

type walletBalance struct {
	Available  money.Micros `json:"available_usd" doc:"Can be spent or withdrawn."`
	Reserved   money.Micros `json:"reserved_usd" doc:"Held back for withdrawals under way."`
	Receivable money.Micros `json:"receivable_usd" doc:"Owed: usage beyond the balance. The next deposit or credit pays it first."`
	Net        money.Micros `json:"balance_usd" doc:"Available plus reserved less what is owed."`
}

type balanceOutput struct{ Body walletBalance }

func (m *Module) getBalance(ctx context.Context, _ *struct{}) (*balanceOutput, error) {
	b, err := m.Balance(ctx, customer.From(ctx))
	return &balanceOutput{walletBalance{b.Available, b.Reserved, b.Receivable, b.Net()}}, err
}

type walletTransaction struct {
	ID      int64        `json:"transaction_id"`
	At      time.Time    `json:"at" doc:"When it counts, UTC."`
	Kind    string       `json:"kind" enum:"charge,refund,credit"`
	Service string       `json:"service" doc:"What was charged or refunded; empty for a credit."`
	Source  string       `json:"source" doc:"Where the money came from or went to: revenue, promo."`
	Amount  money.Micros `json:"amount_usd" doc:"Positive in your favour, negative for a charge."`
	Status  string       `json:"status" enum:"posted"`
	Cause   string       `json:"cause" doc:"What it was posted for; unique."`
}

type walletTransactions struct {
	Transactions []walletTransaction `json:"transactions"`
	NextCursor   string              `json:"next_cursor" doc:"Hand it in as cursor for the next page; empty on the last."`
}

type transactionsInput struct {
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Cursor string `query:"cursor" maxLength:"20" doc:"next_cursor of the page before."`
}

type transactionsOutput struct{ Body walletTransactions }

var errCursor = fault.New(fault.Invalid, "wallet.bad_cursor", "This page does not exist. Start again without a cursor.").
	With(fault.Field{Name: "cursor", Message: "is not a next_cursor of this list"})

func (m *Module) getTransactions(ctx context.Context, in *transactionsInput) (*transactionsOutput, error) {
	before := int64(math.MaxInt64)
	if in.Cursor != "" {
		n, err := strconv.ParseInt(in.Cursor, 36, 64)
		if err != nil || n < 1 {
			return nil, errCursor
		}
		before = n
	}
	page, err := listTransactions(ctx, m.kit.DB, customer.From(ctx), before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := walletTransactions{}
	if len(page) > in.Limit {
		page = page[:in.Limit]
		out.NextCursor = strconv.FormatInt(page[in.Limit-1].ID, 36)
	}
	out.Transactions = shownTransactions(page)
	return &transactionsOutput{out}, nil
}

func shownTransactions(all []Transaction) []walletTransaction {
	shown := make([]walletTransaction, len(all))
	for i, t := range all {
		shown[i] = walletTransaction{t.ID, t.At, t.Kind, t.Service, t.OtherKind, t.Amount, "posted", t.Cause}
	}
	return shown
}
