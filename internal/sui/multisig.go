package sui

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"suiftly/internal/sui/bcs"
)

// maxMembers is the protocol's bound on a committee.
const maxMembers = 10

// variants are the schemes in the order of the BCS enums of a member's key and of its signature.
var variants = []Scheme{Ed25519, Secp256k1, Secp256r1, ZkLogin, Passkey}

var (
	errCommittee = errors.New("not a committee")
	errBitmap    = errors.New("the bitmap does not fit the signatures and the committee")
	errThreshold = errors.New("below the threshold")
	errOtherKey  = errors.New("signed by another key than the member's")
)

type member struct {
	scheme Scheme
	key    []byte // zkLogin: the issuer with its length, then the seed in 32 bytes
	weight uint8
}

type memberSignature struct {
	scheme Scheme
	body   []byte // zkLogin and passkey: the serialized signature with its flag
}

// committee is who may sign for a multisig address.
type committee struct {
	members   []member
	threshold uint16
}

// readMultisig checks every signature that is given, also those beyond the threshold, as the chain does.
func readMultisig(digest [32]byte, body []byte) (p proof, err error) {
	signatures, bitmap, c, err := parseMultisig(body)
	if err != nil {
		return proof{}, err
	}
	if err := c.validate(); err != nil {
		return proof{}, err
	}
	if len(signatures) == 0 || bits.OnesCount16(bitmap) != len(signatures) || bits.Len16(bitmap) > len(c.members) {
		return proof{}, errBitmap
	}
	weight := 0
	for i, m := range c.members {
		if bitmap&(1<<i) == 0 {
			continue
		}
		epochs, err := m.verify(digest, signatures[0])
		if err != nil {
			return proof{}, fmt.Errorf("member %d: %s: %w", i, m.scheme, err)
		}
		p.maxEpochs = append(p.maxEpochs, epochs...)
		weight += int(m.weight)
		signatures = signatures[1:]
	}
	if weight < int(c.threshold) {
		return proof{}, errThreshold
	}
	p.Verified = Verified{Scheme: MultiSig, Addresses: []Address{c.address()}}
	return p, nil
}

func parseMultisig(body []byte) (signatures []memberSignature, bitmap uint16, c committee, err error) {
	r := bcs.NewReader(body)
	for range r.Count(maxMembers) {
		s := memberSignature{scheme: variant(r)}
		if keyBytes(s.scheme) > 0 {
			s.body = r.Take(signatureBytes)
		} else {
			s.body = r.Bytes()
		}
		signatures = append(signatures, s)
	}
	bitmap = r.U16()
	for range r.Count(maxMembers) {
		m := member{scheme: variant(r)}
		switch m.scheme {
		case ZkLogin:
			m.key = r.Bytes()
		case Passkey:
			m.key = r.Take(ecKeyBytes)
		default:
			m.key = r.Take(keyBytes(m.scheme))
		}
		m.weight = r.U8()
		c.members = append(c.members, m)
	}
	c.threshold = r.U16()
	return signatures, bitmap, c, r.End()
}

// variant reads which scheme a member or its signature has.
func variant(r *bcs.Reader) Scheme {
	n := r.ULEB()
	if n >= len(variants) {
		r.Fail()
		return 0
	}
	return variants[n]
}

// validate holds what makes an address of a committee: without it one signer could count twice, or nobody at all.
func (c committee) validate() error {
	total := 0
	for i, m := range c.members {
		if m.weight == 0 {
			return fmt.Errorf("%w: member %d has no weight", errCommittee, i)
		}
		if slices.ContainsFunc(c.members[:i], m.same) {
			return fmt.Errorf("%w: member %d is listed twice", errCommittee, i)
		}
		total += int(m.weight)
	}
	if c.threshold == 0 || int(c.threshold) > total {
		return fmt.Errorf("%w: threshold %d of weight %d", errCommittee, c.threshold, total)
	}
	return nil
}

func (m member) same(other member) bool {
	return m.scheme == other.scheme && string(m.key) == string(other.key)
}

// verify checks a member's signature. What is left to ask the network is the max epochs.
func (m member) verify(digest [32]byte, s memberSignature) (maxEpochs []uint64, err error) {
	if s.scheme != m.scheme {
		return nil, fmt.Errorf("%w: a %s signature", errOtherKey, s.scheme)
	}
	switch m.scheme {
	case Passkey:
		if len(s.body) == 0 || Scheme(s.body[0]) != Passkey {
			return nil, errLength
		}
		key, err := readPasskey(digest, s.body[1:])
		if err == nil && string(key) != string(m.key) {
			err = errOtherKey
		}
		return nil, err
	case ZkLogin:
		if len(s.body) == 0 || Scheme(s.body[0]) != ZkLogin {
			return nil, errLength
		}
		p, err := readZkLogin(digest, s.body[1:])
		if err == nil && !p.Proves(AddressOf(ZkLogin, m.key)) {
			err = errOtherKey
		}
		return p.maxEpochs, err
	}
	return nil, verifyPlain(m.scheme, digest[:], s.body, m.key)
}

// address is blake2b-256(flag || threshold, little endian || flag, key and weight of each member).
func (c committee) address() Address {
	parts := [][]byte{{byte(MultiSig), byte(c.threshold), byte(c.threshold >> 8)}}
	for _, m := range c.members {
		parts = append(parts, []byte{byte(m.scheme)}, m.key, []byte{m.weight})
	}
	return hashed(parts...)
}
