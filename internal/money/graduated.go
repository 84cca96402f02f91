package money

import (
	"fmt"
	"math"
	"math/bits"
)

// Graduated is an exact price whose rate changes with how many units came before: the first a thousand free, the rest at
// a price. A flat price is one step.
type Graduated struct {
	Per   int64 // the same for every step, so that a remainder means the same in all of them
	Steps []GraduatedStep
}

// GraduatedStep prices the units above the step before it.
type GraduatedStep struct {
	UpTo   int64 // its last unit; the last step has none and goes on for ever
	Micros int64 // for Per units
}

// Flat is the same price for every unit.
func Flat(r Rate) Graduated {
	return Graduated{Per: r.Per, Steps: []GraduatedStep{{Micros: r.Micros}}}
}

// Of prices the way from one count of units to another; the way back costs minus what the way there costs. The remainder
// comes and goes as in Rate.Of: any split of a way costs exactly what the way costs at once.
func (g Graduated) Of(from, to, carry int64) (cost Micros, left int64, err error) {
	if g.Per <= 0 || len(g.Steps) == 0 || from < 0 || to < 0 || carry < 0 || carry >= g.Per {
		return 0, 0, fmt.Errorf("graduated price per %d of units %d to %d, carry %d: negative or out of range", g.Per, from, to, carry)
	}
	hi, lo, err := g.numerator(min(from, to), max(from, to))
	if err != nil {
		return 0, 0, err
	}
	back := to < from
	if back {
		// floor((carry - x) / per) = -floor((x + per-1-carry) / per): the same division, seen from the other end.
		carry = g.Per - 1 - carry
	}
	lo, c := bits.Add64(lo, uint64(carry), 0)
	hi += c
	if hi >= uint64(g.Per) { // the quotient would not fit 64 bits
		return 0, 0, ErrOverflow
	}
	q, rem := bits.Div64(hi, lo, uint64(g.Per))
	if q > math.MaxInt64 {
		return 0, 0, ErrOverflow
	}
	if back {
		return -Micros(q), g.Per - 1 - int64(rem), nil
	}
	return Micros(q), int64(rem), nil
}

// numerator is the price of the units above from, up to to, times Per. It stays below 2^126: the overlaps of the steps add
// up to at most 2^63 units.
func (g Graduated) numerator(from, to int64) (hi, lo uint64, err error) {
	begin := int64(0)
	for i, s := range g.Steps {
		end := s.UpTo
		if i == len(g.Steps)-1 {
			end = math.MaxInt64
		}
		if s.Micros < 0 || end <= begin {
			return 0, 0, fmt.Errorf("graduated price: step %d is %d micros up to %d, after %d", i, s.Micros, s.UpTo, begin)
		}
		if units := min(to, end) - max(from, begin); units > 0 {
			h, l := bits.Mul64(uint64(units), uint64(s.Micros))
			var c uint64
			lo, c = bits.Add64(lo, l, 0)
			hi += h + c
		}
		begin = end
	}
	return hi, lo, nil
}
