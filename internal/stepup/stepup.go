// Package stepup is how a room has a signed-in customer's wallet sign the exact text of a sensitive change. The auth room
// does the work; main.go hands its Door to the rooms that need one.
//
// A room offers two routes. The first turns the request into a Change and answers with Ask's challenge. The second takes the
// same request together with the proof, makes the same Change of it again, and does its work inside Approve:
//
//	ask      request -> Change -> Ask     -> text to sign
//	do       request -> Change -> Approve -> one transaction: challenge used up, evidence kept, the change made
//
// A signature over one change opens no other: Approve compares the texts.
package stepup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"suiftly/internal/fault"
)

// What Approve refuses with, beside what internal/sui says of the signature. None is a 401: the session is good, and a client
// that renewed it would only send the same proof again.
var (
	ErrNeeded  = fault.New(fault.Forbidden, "auth.approval_needed", "This change needs a fresh signature of your wallet.")
	ErrOver    = fault.New(fault.Conflict, "auth.approval_over", "This request to sign has expired or was used already. Ask for a new one.")
	ErrDiffers = fault.New(fault.Conflict, "auth.approval_differs", "What was signed is not what this request would change. Ask for a new text and sign it.")
)

// Change is what the customer agrees to. The same request must make the same Change, to the letter, both times.
type Change struct {
	Purpose string // room.verb: wallet.withdraw
	Title   string // one sentence that says it: "Withdraw 40.000000 USDC."
	Facts   []Fact // everything that matters about it: amount, destination, old and new value
}

// Fact is one line of the text.
type Fact struct{ Name, Value string }

// Text is the change in its one canonical form: printable ASCII, a line for each fact. An error means that a line would say
// something else than it should: a bug of the room, never the customer's fault.
func (c Change) Text() (string, error) {
	var b strings.Builder
	b.WriteString(c.Title + "\n\nPurpose: " + c.Purpose)
	for _, f := range append([]Fact{{"Purpose", c.Purpose}, {"Title", c.Title}}, c.Facts...) {
		if f.Name == "" || f.Value == "" || strings.Contains(f.Name, ":") || strings.ContainsFunc(f.Name+f.Value, func(r rune) bool { return r < ' ' || r > '~' }) {
			return "", fmt.Errorf("approval of %q: fact %q: %q is not one line of printable ASCII", c.Purpose, f.Name, f.Value)
		}
	}
	for _, f := range c.Facts {
		b.WriteString("\n" + f.Name + ": " + f.Value)
	}
	if b.Len() > maxTextChars {
		return "", errors.New("approval: the text is too long to be read")
	}
	return b.String(), nil
}

// maxTextChars keeps the text to what a person reads before signing.
const maxTextChars = 1500

// ChangeChallenge is the text to sign, as the API shows it.
type ChangeChallenge struct {
	ID        uuid.UUID `json:"challenge_id" doc:"Send it back with the signature."`
	Message   string    `json:"message" doc:"The exact text to sign as a Sui personal message."`
	ExpiresAt time.Time `json:"expires_at"`
}

// ChangeProof is the signed text, as the API takes it.
type ChangeProof struct {
	ID        uuid.UUID `json:"challenge_id"`
	Message   string    `json:"message" minLength:"1" maxLength:"4000" doc:"The text of the challenge, exactly as it was signed."`
	Signature string    `json:"signature" minLength:"4" maxLength:"16384" doc:"The serialized Sui signature, base64."`
}

// Door is what the auth room offers. Both take the customer from the context.
type Door struct {
	// Ask writes the text that approves the change.
	Ask func(ctx context.Context, c Change) (ChangeChallenge, error)
	// Approve checks that the customer's wallet signed exactly this change no longer than auth.challenge ago, and runs do in
	// the transaction that uses the signature up and keeps it as evidence with that number. When do fails nothing is
	// kept, and the same signature may be tried again. A nil proof is ErrNeeded. do may run twice, like any pg.Tx.
	Approve func(ctx context.Context, c Change, proof *ChangeProof, do func(tx *sqlx.Tx, evidence int64) error) error
}
