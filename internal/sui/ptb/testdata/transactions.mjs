// Made transactions.json: node --input-type=module < this, in a folder with @mysten/sui 2.33.1.
import { Transaction, Inputs } from '@mysten/sui/transactions';
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { toHex } from '@mysten/sui/utils';
const kp = Ed25519Keypair.fromSecretKey(new Uint8Array(32).fill(1));
const me = kp.toSuiAddress();
const id = (n) => '0x' + n.toString(16).padStart(64, '0');
const dg = '4btiuiMPvEENsttpZC7CZ53DruC3MAgfznDbASZ7DR6S';
const USDC = '0x' + 'a'.repeat(64) + '::usdc::USDC';
const out = {};
const base = () => { const t = new Transaction(); t.setSender(me); t.setGasPrice(1000); t.setGasBudget(5000000); t.setGasPayment([{ objectId: id(9), version: 3, digest: dg }]); return t; };
const put = async (name, t) => { const b = await t.build(); out[name] = { bytes: Buffer.from(b).toString('hex'), digest: await t.getDigest(), signature: (await kp.signTransaction(b)).signature }; };
let t = base(); { const [a, b] = t.splitCoins(t.gas, [5, 7]); t.transferObjects([a, b], id(77)); await put('split and transfer', t); }
t = base(); { const c = t.object(Inputs.ObjectRef({ objectId: id(5), version: 4, digest: dg })); t.mergeCoins(c, [t.object(Inputs.ObjectRef({ objectId: id(6), version: 8, digest: dg }))]); t.transferObjects([c], id(2)); t.setExpiration({ Epoch: 9 }); await put('merge, an epoch', t); }
t = new Transaction(); t.setSender(me); t.setGasPrice(1000); t.setGasBudget(5000000); t.setGasPayment([]);
t.setExpiration({ ValidDuring: { minEpoch: '7', maxEpoch: '8', minTimestamp: null, maxTimestamp: null, chain: dg, nonce: 42 } });
{ const w = t.withdrawal({ amount: 1000, type: USDC }); const c = t.moveCall({ target: '0x2::coin::redeem_funds', typeArguments: [USDC], arguments: [w] }); t.moveCall({ target: '0x2::coin::send_funds', typeArguments: [USDC], arguments: [c, t.pure.address(id(3))] }); await put('address balances', t); }
t = base(); { t.moveCall({ target: '0x2::x::y', typeArguments: ['u8', 'vector<0x2::coin::Coin<0x2::sui::SUI>>', '0x2::table::Table<address, bool>'], arguments: [t.object(Inputs.SharedObjectRef({ objectId: id(8), initialSharedVersion: 5, mutable: true })), t.object(Inputs.ReceivingRef({ objectId: id(11), version: 4, digest: dg }))] }); await put('move call, shared, receiving', t); }
console.log(JSON.stringify(out, null, 1));
