import { expect, test } from 'vitest';
import type { SendOptions } from '../../src/index.ts';
import { turns } from '../support/eventually.ts';
import { connectPair } from '../support/running.ts';

const BIG = Buffer.alloc(1_000_000);

/** A client whose peer does not read, and which has filled everything in between. */
async function connectBlocked(options: { highWaterMark?: number; lowWaterMark?: number } = {}) {
  const pair = await connectPair({}, { maxBufferedBytes: 2 ** 30, ...options });
  pair.peer.pause();
  await turns();
  for (let quiet = 0; quiet < 10; ) {
    if (pair.client.bufferedAmount() === 0) {
      quiet = 0;
      pair.client.send(BIG);
    } else quiet++;
    await turns(1);
  }
  return pair;
}

test('drain() resolves at once when nothing waits, what was batched included', async () => {
  const { client } = await connectPair();
  await client.drain();
  client.send('x');
  await client.drain();
  expect(client.bufferedAmount()).toBe(0);
});

test('drain() waits for a peer that does not read, and resolves when it reads again', async () => {
  const { client, peer } = await connectBlocked();
  let isDrained = false;
  const drained = client.drain().then(() => (isDrained = true));
  await turns(20);
  expect(isDrained).toBe(false);
  peer.resume();
  await drained;
  expect(client.bufferedAmount()).toBe(0);
});

test('drain() resolves when the connection is over', async () => {
  const { client } = await connectBlocked();
  const drained = client.drain();
  client.terminate();
  await drained;
  await client.drain();
});

test('drain() gives up when its signal says so, and leaves no listener', async () => {
  const { client } = await connectBlocked();
  const controller = new AbortController();
  const drained = client.drain({ signal: controller.signal });
  const reason = new Error('enough');
  controller.abort(reason);
  await expect(drained).rejects.toBe(reason);
  await expect(client.drain({ signal: controller.signal })).rejects.toBe(reason);
});

test('canSendMore is false from the high water mark on, until the low one is reached', async () => {
  const { client, peer } = await connectBlocked({ highWaterMark: 3_000_000, lowWaterMark: 10 });
  expect(client.canSendMore).toBe(true);
  while (client.bufferedAmount() < 3_000_000) client.send(BIG);
  expect(client.canSendMore).toBe(false);
  peer.resume();
  await client.drain();
  expect(client.canSendMore).toBe(true);
  await client.stop();
  expect(client.canSendMore).toBe(false);
});

test('a low water mark above the high one is refused', async () => {
  await expect(connectPair({}, { highWaterMark: 10, lowWaterMark: 11 })).rejects.toThrow('lowWaterMark');
});

test('what is no AbortSignal is refused by its name', async () => {
  const { client } = await connectPair();
  const options = { signal: 5 as unknown as AbortSignal };
  const refusal = { code: 'invalidOption', option: 'signal' };
  await expect(client.drain(options)).rejects.toMatchObject(refusal);
  await expect(client.sendWhenReady('x', options)).rejects.toMatchObject(refusal);
});

test('send() refuses the signal that only a send which waits can take', async () => {
  const { client } = await connectPair();
  const options = { signal: new AbortController().signal } as SendOptions;
  expect(() => client.send('x', options)).toThrow('signal: is not an option of send()');
});

test.each([null, 'soon', 5])('drain(%j) rejects with an error of ours', async (options) => {
  const { client } = await connectPair();
  await expect(client.drain(options as unknown as object)).rejects.toThrow(
    /^options: of drain\(\) must be an object, got /,
  );
});
