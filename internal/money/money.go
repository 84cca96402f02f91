// Package money counts in micro-dollars: exact amounts, exact rates with carry, and the only rounding in the house.
package money

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Micros is an amount in 1e-6 USD, which is one base unit of 6-decimal USDC. As text and in JSON it is a decimal string of
// dollars with six decimals: "12.340000".
type Micros int64

// Dollar is 1 USD.
const Dollar Micros = 1_000_000

// ErrOverflow is an amount beyond what an int64 of micros holds (about 9.2 trillion USD).
var ErrOverflow = errors.New("amount out of range")

// Parse reads a decimal amount of dollars: an optional minus, digits, and at most six decimals. "1e3", "+1", ".5", "1.",
// "NaN", spaces and a seventh decimal are errors.
func Parse(s string) (Micros, error) {
	digits := strings.TrimPrefix(s, "-")
	whole, frac, dotted := strings.Cut(digits, ".")
	if !decimal(whole) || dotted && !decimal(frac) || len(frac) > 6 {
		return 0, fmt.Errorf("%q is not an amount in dollars with at most six decimals", s)
	}
	n, err := strconv.ParseInt(whole+frac+strings.Repeat("0", 6-len(frac)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q: %w", s, ErrOverflow)
	}
	if len(digits) != len(s) {
		n = -n
	}
	return Micros(n), nil
}

func decimal(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// String gives dollars with six decimals.
func (m Micros) String() string {
	sign, abs := "", uint64(m)
	if m < 0 {
		sign, abs = "-", -uint64(m)
	}
	return fmt.Sprintf("%s%d.%06d", sign, abs/1e6, abs%1e6)
}

// MarshalText makes an amount a decimal string in JSON and YAML.
func (m Micros) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText is Parse.
func (m *Micros) UnmarshalText(text []byte) error {
	n, err := Parse(string(text))
	if err == nil {
		*m = n
	}
	return err
}

// Add gives m + n, or ErrOverflow.
func (m Micros) Add(n Micros) (Micros, error) {
	sum := m + n
	if (sum > m) != (n > 0) {
		return 0, ErrOverflow
	}
	return sum, nil
}

// Sum adds amounts, or gives ErrOverflow.
func Sum(amounts ...Micros) (total Micros, err error) {
	for _, m := range amounts {
		if total, err = total.Add(m); err != nil {
			return 0, err
		}
	}
	return total, nil
}

// Rate is an exact price: Micros for every Per units. {100, 1} is $0.0001 a request, {60_000, 1 << 30} $0.06 a GiB.
type Rate struct{ Micros, Per int64 }

// Of prices units. What stays below one micro comes back as left (a remainder in [0, Per)), to be handed in as carry with
// the next units at the same rate: then any split of the units costs exactly what they cost together, and no fraction is
// lost or charged twice.
func (r Rate) Of(units, carry int64) (cost Micros, left int64, err error) {
	if r.Per <= 0 || r.Micros < 0 || units < 0 || carry < 0 || carry >= r.Per {
		return 0, 0, fmt.Errorf("rate %d/%d of %d units, carry %d: negative or out of range", r.Micros, r.Per, units, carry)
	}
	hi, lo := bits.Mul64(uint64(units), uint64(r.Micros))
	lo, c := bits.Add64(lo, uint64(carry), 0)
	hi += c
	if hi >= uint64(r.Per) { // the quotient would not fit 64 bits
		return 0, 0, ErrOverflow
	}
	q, rem := bits.Div64(hi, lo, uint64(r.Per))
	if q > math.MaxInt64 {
		return 0, 0, ErrOverflow
	}
	return Micros(q), int64(rem), nil
}
