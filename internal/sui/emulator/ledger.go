package emulator

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"golang.org/x/crypto/blake2b"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"suiftly/internal/sui"
	"suiftly/internal/sui/bcs"
	"suiftly/internal/sui/chain/rpc"
	"suiftly/internal/sui/ptb"
)

// object is a coin. It is not changed once it is in a ledger.
type object struct {
	id               sui.Address
	version          uint64
	digest, previous sui.Digest // of this version, and of the transaction that made it
	owner            sui.Address
	coinType         string // canonical
	balance          uint64
}

// account is somebody's balance of one type outside of coins (an "address balance").
type account struct {
	owner    sui.Address
	coinType string
}

// entry is a transaction that was executed.
type entry struct {
	proto    *rpc.ExecutedTransaction
	sender   sui.Address
	affected map[sui.Address]bool
	calls    []string // package::module::function

	objects map[sui.Address]*object // what it wrote; nil: what it deleted
	funds   map[account]int64       // what it added
	fees    int64                   // what it cost
}

type checkpoint struct {
	sequence uint64
	digest   sui.Digest
	at       time.Time
	entries  []*entry
}

// ledger is the state of the network. Supplies are small enough for every sum to fit an int64.
type ledger struct {
	epoch       uint64
	objects     map[sui.Address]*object
	funds       map[account]uint64
	minted      map[string]bool
	fees        int64 // of all transactions: what is no longer in coins and balances
	entries     map[sui.Digest]*entry
	waiting     []*entry // executed, in no checkpoint yet
	checkpoints []*checkpoint
}

func newLedger(epoch uint64, now time.Time) *ledger {
	return &ledger{
		epoch: epoch, objects: map[sui.Address]*object{}, funds: map[account]uint64{}, entries: map[sui.Digest]*entry{}, minted: map[string]bool{},
		checkpoints: []*checkpoint{{digest: blake2b.Sum256([]byte("genesis")), at: now}},
	}
}

// copy is the ledger as it stands, untouched by what follows.
func (l *ledger) copy() *ledger {
	c := *l
	c.objects, c.funds, c.entries = maps.Clone(l.objects), maps.Clone(l.funds), maps.Clone(l.entries)
	c.waiting, c.checkpoints = slices.Clone(l.waiting), slices.Clone(l.checkpoints)
	return &c
}

func (l *ledger) tip() *checkpoint { return l.checkpoints[len(l.checkpoints)-1] }

// commit makes what a transaction did the state.
func (l *ledger) commit(digest sui.Digest, e *entry) {
	for id, o := range e.objects {
		if o == nil {
			delete(l.objects, id)
		} else {
			l.objects[id] = o
		}
	}
	for a, delta := range e.funds {
		l.funds[a] = uint64(int64(l.funds[a]) + delta)
		if l.funds[a] == 0 {
			delete(l.funds, a)
		}
	}
	l.fees += e.fees
	l.entries[digest] = e
	l.waiting = append(l.waiting, e)
}

// seal puts what waits into a checkpoint. Entries that somebody may be reading are replaced, not changed.
func (l *ledger) seal(now time.Time) *checkpoint {
	last := l.tip()
	c := &checkpoint{sequence: last.sequence + 1, at: now}
	c.digest = blake2b.Sum256(bcs.AppendU64(last.digest[:], c.sequence))
	for i, e := range l.waiting {
		final := *e
		final.proto = proto.CloneOf(e.proto)
		final.proto.Checkpoint, final.proto.Timestamp, final.proto.TransactionIndex = &c.sequence, timestamppb.New(now), new(uint64(i))
		c.entries = append(c.entries, &final)
		digest, err := sui.ParseDigest(final.proto.GetDigest())
		if err != nil {
			panic(err) // it is our own
		}
		l.entries[digest] = &final
	}
	l.waiting = nil
	l.checkpoints = append(l.checkpoints, c)
	return c
}

// owned gives somebody's coins, of one type or of all, the largest first.
func (l *ledger) owned(owner sui.Address, coinType string) []*object {
	var all []*object
	for _, o := range l.objects {
		if o.owner == owner && (coinType == "" || o.coinType == coinType) {
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b *object) int {
		return cmp.Or(cmp.Compare(b.balance, a.balance), slices.Compare(a.id[:], b.id[:]))
	})
	return all
}

// balance is what somebody has of a type.
func (l *ledger) balance(owner sui.Address, coinType string) *rpc.Balance {
	var coins uint64
	for _, o := range l.owned(owner, coinType) {
		coins += o.balance
	}
	funds := l.funds[account{owner, coinType}]
	return &rpc.Balance{CoinType: &coinType, Balance: new(coins + funds), CoinBalance: &coins, AddressBalance: &funds}
}

// newObjectID is the id of the n-th object that a transaction makes.
func newObjectID(transaction sui.Digest, n uint64) sui.Address {
	return blake2b.Sum256(bcs.AppendU64(append([]byte{0xf1}, transaction[:]...), n))
}

func coinObject(coinType string) string { return framework + "::coin::Coin<" + coinType + ">" }

// storageRebate is what deleting a coin gives back, in MIST: what storing it costs.
const storageRebate = 988_000

// bcs is the BCS of the object: Move data, type, transferable, version, contents, owner, previous transaction, rebate.
func (o *object) bcs() []byte {
	b := []byte{0}
	if o.coinType == SUI {
		b = append(b, 1) // MoveObjectType::GasCoin
	} else {
		tag, err := ptb.TypeBCS(o.coinType)
		if err != nil {
			panic(err) // types are canonical in here
		}
		b = append(append(b, 3), tag...) // MoveObjectType::Coin
	}
	b = append(b, 1)
	b = bcs.AppendU64(b, o.version)
	b = bcs.AppendBytes(b, o.contents())
	b = append(append(b, 0), o.owner[:]...) // Owner::AddressOwner
	b = bcs.AppendBytes(b, o.previous[:])
	return bcs.AppendU64(b, storageRebate)
}

// contents is the BCS of the Move struct.
func (o *object) contents() []byte { return bcs.AppendU64(o.id[:], o.balance) }

// seal sets the digest, when everything else is set.
func (o *object) seal() { o.digest = blake2b.Sum256(append([]byte("Object::"), o.bcs()...)) }

func ownerOf(a sui.Address) *rpc.Owner {
	return &rpc.Owner{Kind: rpc.Owner_ADDRESS, Address: new(a.String())}
}

func (o *object) reference() *rpc.ObjectReference {
	return &rpc.ObjectReference{ObjectId: new(o.id.String()), Version: &o.version, Digest: new(o.digest.String())}
}

func (o *object) proto() *rpc.Object {
	return &rpc.Object{
		ObjectId: new(o.id.String()), Version: &o.version, Digest: new(o.digest.String()), Owner: ownerOf(o.owner),
		ObjectType: new(coinObject(o.coinType)), HasPublicTransfer: new(true), Balance: &o.balance,
		Bcs:                 &rpc.Bcs{Name: new("Object"), Value: o.bcs()},
		Contents:            &rpc.Bcs{Name: new(coinObject(o.coinType)), Value: o.contents()},
		PreviousTransaction: new(o.previous.String()), StorageRebate: new(uint64(storageRebate)),
	}
}
