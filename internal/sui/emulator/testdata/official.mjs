// The official client against the emulator: node --input-type=module < this, in a folder with @mysten/sui, EMULATOR=its URL.
import assert from 'node:assert/strict';
import { bcs } from '@mysten/sui/bcs';
import { requestSuiFromFaucetV2 } from '@mysten/sui/faucet';
import { GrpcWebFetchTransport, SuiGrpcClient } from '@mysten/sui/grpc';
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { Secp256k1Keypair } from '@mysten/sui/keypairs/secp256k1';
import { Secp256r1Keypair } from '@mysten/sui/keypairs/secp256r1';
import { coinWithBalance, Transaction } from '@mysten/sui/transactions';

const { EMULATOR, USDC } = process.env;
const SUI = '0x2::sui::SUI';
let checks = 0;
const test = async (name, f) => {
  try {
    await f();
    checks++;
  } catch (e) {
    console.error(`FAIL ${name}`);
    throw e;
  }
};
const give = async (recipient, coin_type, amount) => {
  const r = await fetch(`${EMULATOR}/v2/gas`, { method: 'POST', body: JSON.stringify({ FixedAmountRequest: { recipient, coin_type, amount: String(amount) } }) });
  assert.equal(r.status, 200, await r.text());
};

for (const format of ['text', 'binary']) {
  const client = new SuiGrpcClient({ network: 'localnet', transport: new GrpcWebFetchTransport({ baseUrl: EMULATOR, format }) });
  for (const keys of [new Ed25519Keypair(), new Secp256k1Keypair(), new Secp256r1Keypair()]) {
    const me = keys.toSuiAddress();
    const treasury = new Ed25519Keypair().toSuiAddress();
    const as = `${format} ${keys.getKeyScheme()}: `;
    const balance = async (owner, coinType) => (await client.core.getBalance({ owner, coinType })).balance;
    const run = async (transaction, include = {}) => {
      transaction.setSenderIfNotSet(me);
      const bytes = await transaction.build({ client });
      const { signature } = await keys.signTransaction(bytes);
      const r = await client.core.executeTransaction({ transaction: bytes, signatures: [signature], include });
      const t = r.Transaction ?? r.FailedTransaction;
      assert.equal(t.digest, await transaction.getDigest());
      return { ...r, t, bytes, signature };
    };

    await test(as + 'the faucet gives SUI and USDC', async () => {
      await requestSuiFromFaucetV2({ host: EMULATOR, recipient: me });
      await give(me, USDC, 100_000_000);
      await give(me, USDC, 7_000_000);
      assert.equal((await balance(me, SUI)).balance, '10000000000');
      assert.equal((await balance(me, USDC)).balance, '107000000');
      const { balances } = await client.core.listBalances({ owner: me });
      assert.equal(balances.length, 2);
    });
    await test(as + 'reads the chain, the epoch, coins by page, metadata', async () => {
      const { chainIdentifier } = await client.core.getChainIdentifier();
      assert.match(chainIdentifier, /^[1-9A-HJ-NP-Za-km-z]{43,44}$/);
      assert.equal((await client.core.getReferenceGasPrice()).referenceGasPrice, '1000');
      assert.equal((await client.core.getCurrentSystemState()).systemState.epoch, '7');
      const first = await client.core.listCoins({ owner: me, coinType: USDC, limit: 1 });
      assert.equal(first.objects.length, 1);
      assert.ok(first.hasNextPage);
      const second = await client.core.listCoins({ owner: me, coinType: USDC, limit: 1, cursor: first.cursor });
      assert.equal(second.objects[0].balance, '7000000');
      assert.ok(!second.hasNextPage);
      const { objects } = await client.core.getObjects({ objectIds: [first.objects[0].objectId, treasury], include: { content: true, previousTransaction: true, objectBcs: true } });
      assert.equal(bcs.Object.parse(objects[0].objectBcs).owner.AddressOwner, me);
      assert.ok(objects[1] instanceof Error);
      assert.equal((await client.core.getCoinMetadata({ coinType: USDC })).coinMetadata.decimals, 6);
      await assert.rejects(client.core.defaultNameServiceName({ address: me }), { code: 'NOT_FOUND' });
    });
    await test(as + 'builds, signs, executes a payment and reads it back', async () => {
      const t = new Transaction();
      t.transferObjects([coinWithBalance({ type: USDC, balance: 27_500_000n })], treasury);
      t.transferObjects([coinWithBalance({ balance: 1_000_000_000n })], treasury);
      const { t: done, bytes, signature, $kind } = await run(t, { effects: true, balanceChanges: true, events: true });
      assert.equal($kind, 'Transaction');
      assert.equal(done.checkpoint, null);
      const effects = bcs.TransactionEffects.parse(done.effects.bcs).V2;
      assert.equal(effects.status.$kind, 'Success');
      assert.equal(effects.transactionDigest, done.digest);
      assert.equal(effects.changedObjects.length, done.effects.changedObjects.length);
      assert.equal(effects.changedObjects[effects.gasObjectIndex][0], done.effects.gasObject.objectId);
      const read = await client.core.waitForTransaction({ digest: done.digest, include: { transaction: true, bcs: true, balanceChanges: true, effects: true, objectTypes: true } });
      assert.ok(Number(read.Transaction.checkpoint) > 0);
      assert.deepEqual(read.Transaction.bcs, bytes);
      assert.deepEqual(read.Transaction.signatures, [signature]);
      assert.equal(read.Transaction.transaction.sender, me);
      const moved = read.Transaction.balanceChanges.filter((c) => c.address === treasury).map((c) => c.amount).sort();
      assert.deepEqual(moved, ['1000000000', '27500000']);
      const paid = read.Transaction.balanceChanges.find((c) => c.address === me && c.coinType !== USDC);
      const gas = effects.gasUsed;
      assert.equal(BigInt(paid.amount), -1_000_000_000n - (BigInt(gas.computationCost) + BigInt(gas.storageCost) - BigInt(gas.storageRebate)));
      assert.equal((await balance(treasury, USDC)).coinBalance, '27500000');
      assert.equal((await balance(me, USDC)).balance, '79500000');
      const again = await client.core.executeTransaction({ transaction: bytes, signatures: [signature] });
      assert.equal(again.Transaction.digest, done.digest);
      assert.equal((await balance(treasury, USDC)).balance, '27500000');
    });
    await test(as + 'moves to, from and between address balances', async () => {
      const t = new Transaction();
      t.moveCall({ target: '0x2::coin::send_funds', typeArguments: [USDC], arguments: [t.add(coinWithBalance({ type: USDC, balance: 20_000_000n })), t.pure.address(me)] });
      const sent = await run(t, { effects: true, balanceChanges: true });
      const writes = bcs.TransactionEffects.parse(sent.t.effects.bcs).V2.changedObjects.filter(([, c]) => c.outputState.$kind === 'AccumulatorWriteV1');
      assert.equal(writes.length, 1);
      assert.deepEqual(writes[0][1].outputState.AccumulatorWriteV1.value.Integer, '20000000');
      assert.ok(!sent.t.balanceChanges.some((c) => c.coinType === USDC));
      assert.deepEqual(await balance(me, USDC), { balance: '79500000', coinType: USDC, coinBalance: '59500000', addressBalance: '20000000' });
      const u = new Transaction();
      u.transferObjects([coinWithBalance({ type: USDC, balance: 5_000_000n })], treasury);
      u.moveCall({ target: '0x2::balance::send_funds', typeArguments: [USDC], arguments: [u.balance({ type: USDC, balance: 2_000_000n }), u.pure.address(treasury)] });
      await run(u);
      assert.equal((await balance(me, USDC)).balance, '72500000');
      assert.deepEqual(await balance(treasury, USDC), { balance: '34500000', coinType: USDC, coinBalance: '32500000', addressBalance: '2000000' });
    });
    await test(as + 'pays gas from an address balance when there is no coin', async () => {
      const t = new Transaction();
      t.moveCall({ target: '0x2::coin::send_funds', typeArguments: [SUI], arguments: [t.splitCoins(t.gas, [2_000_000_000n])[0], t.pure.address(me)] });
      await run(t);
      const all = new Transaction();
      all.transferObjects([all.gas], treasury);
      await run(all);
      assert.equal((await balance(me, SUI)).coinBalance, '0');
      const u = new Transaction();
      u.transferObjects([coinWithBalance({ type: USDC, balance: 1_000_000n })], treasury);
      const { t: done } = await run(u, { effects: true });
      assert.equal(done.effects.gasObject, null);
      assert.equal((await balance(me, SUI)).coinBalance, '0');
      assert.equal(BigInt((await balance(me, SUI)).addressBalance), 2_000_000_000n - (BigInt(done.effects.gasUsed.computationCost) + BigInt(done.effects.gasUsed.storageCost) - BigInt(done.effects.gasUsed.storageRebate)));
      await give(me, SUI, 5_000_000_000);
    });
    await test(as + 'a sponsor pays the gas of what another sends', async () => {
      const sponsor = new Ed25519Keypair();
      const payer = sponsor.toSuiAddress();
      await give(payer, SUI, 1_000_000_000);
      const t = new Transaction();
      t.setSender(me);
      t.transferObjects([coinWithBalance({ type: USDC, balance: 1_000_000n })], treasury);
      const sponsored = Transaction.fromKind(await t.build({ client, onlyTransactionKind: true }));
      sponsored.setSender(me);
      sponsored.setGasOwner(payer);
      const bytes = await sponsored.build({ client });
      const signatures = [(await keys.signTransaction(bytes)).signature, (await sponsor.signTransaction(bytes)).signature];
      await assert.rejects(client.core.executeTransaction({ transaction: bytes, signatures: [signatures[0]] }), /expected 2 signatures/);
      const before = (await balance(me, SUI)).balance;
      const { Transaction: done } = await client.core.executeTransaction({ transaction: bytes, signatures, include: { balanceChanges: true } });
      assert.equal((await balance(me, SUI)).balance, before);
      assert.ok(done.balanceChanges.some((c) => c.address === payer && c.amount.startsWith('-')));
    });
    await test(as + 'a failed transaction is on the chain and costs gas only', async () => {
      const before = await balance(me, SUI);
      const t = new Transaction();
      t.setGasBudget(20_000_000);
      const [coin] = t.splitCoins(t.gas, [999_000_000_000n]);
      t.transferObjects([coin], treasury);
      t.setSender(me);
      const r = await client.core.listCoins({ owner: me, coinType: SUI });
      t.setGasPayment(r.objects.map(({ objectId, version, digest }) => ({ objectId, version, digest })));
      t.setGasPrice(1000);
      const failed = await run(t, { effects: true });
      assert.equal(failed.$kind, 'FailedTransaction');
      assert.equal(bcs.TransactionEffects.parse(failed.t.effects.bcs).V2.status.Failure.error.$kind, 'InsufficientCoinBalance');
      const after = await balance(me, SUI);
      assert.ok(BigInt(after.balance) < BigInt(before.balance) && BigInt(before.balance) - BigInt(after.balance) < 20_000_000n);
    });
    await test(as + 'what is wrong is refused', async () => {
      const t = new Transaction();
      t.setSender(me);
      t.transferObjects([coinWithBalance({ balance: 1_000n })], treasury);
      const bytes = await t.build({ client });
      const stranger = await new Ed25519Keypair().signTransaction(bytes);
      const mine = await keys.signTransaction(bytes);
      await assert.rejects(client.core.executeTransaction({ transaction: bytes, signatures: [stranger.signature] }), /signed by/);
      await assert.rejects(client.core.executeTransaction({ transaction: bytes, signatures: [] }), /expected 1 signatures/);
      const message = await keys.signPersonalMessage(bytes);
      await assert.rejects(client.core.executeTransaction({ transaction: bytes, signatures: [message.signature] }), /not valid/);
      await client.core.executeTransaction({ transaction: bytes, signatures: [mine.signature] });
      const stale = new Transaction();
      stale.setSender(me);
      stale.transferObjects([coinWithBalance({ balance: 1_001n })], treasury);
      const first = await stale.build({ client });
      const other = new Transaction();
      other.transferObjects([coinWithBalance({ balance: 5n })], treasury);
      await run(other);
      await assert.rejects(client.core.executeTransaction({ transaction: first, signatures: [(await keys.signTransaction(first)).signature] }), /not available for consumption/);
      const poor = new Transaction();
      poor.setSender(new Ed25519Keypair().toSuiAddress());
      poor.transferObjects([coinWithBalance({ balance: 1n })], treasury);
      await assert.rejects(poor.build({ client }), /has no SUI/);
      await assert.rejects(client.core.getTransaction({ digest: '1'.repeat(32) }), /not ?found/i);
    });
    await test(as + 'lists by sender, page by page, both ways; verifies signatures', async () => {
      const page = await client.core.listTransactions({ filter: { sender: me }, limit: 2, include: { balanceChanges: true } });
      assert.equal(page.transactions.length, 2);
      assert.ok(page.hasNextPage);
      const rest = await client.core.listTransactions({ filter: { sender: me }, after: page.endCursor });
      const all = [...page.transactions, ...rest.transactions].map((x) => (x.Transaction ?? x.FailedTransaction).digest);
      assert.equal(new Set(all).size, all.length);
      const back = await client.core.listTransactions({ filter: { sender: me }, order: 'descending' });
      assert.deepEqual(back.transactions.map((x) => (x.Transaction ?? x.FailedTransaction).digest), all.toReversed());
      const calls = await client.core.listTransactions({ filter: { function: '0x2::coin::send_funds' } });
      assert.ok(calls.transactions.length >= 2);
    });
  }
  await test(`${format}: a stream tells checkpoints as they are made`, async () => {
    const abort = new AbortController();
    const s = client.subscriptionService.subscribeCheckpoints({ readMask: { paths: ['sequence_number', 'transactions.digest'] } }, { abort: abort.signal });
    const seen = [];
    for await (const m of s.responses) {
      seen.push(m);
      if (seen.length === 1) await give(new Ed25519Keypair().toSuiAddress(), SUI, 5);
      if (m.checkpoint.transactions.length > 0 && seen.length > 1) break;
    }
    abort.abort();
    assert.ok(seen.at(-1).cursor > seen[0].cursor);
  });
}
console.log(`${checks} checks`);
process.exit(0);
