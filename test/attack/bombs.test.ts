import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from '../../src/index.ts';
import { attack, closeFrameOf, victims } from '../support/attacked.ts';
import { bombOf, compressed } from '../support/bomb.ts';
import { eventually, turns } from '../support/eventually.ts';
import { frame } from '../support/frames.ts';
import { MemoryWatch } from '../support/memory-watch.ts';
import { listenRaw, switchingProtocols } from '../support/raw-server.ts';

const MIB = 1024 * 1024;
const RSV1 = 4;

const takeover = { clientNoContextTakeover: false, serverNoContextTakeover: false };
const noTakeover = { clientNoContextTakeover: true, serverNoContextTakeover: true };
const extensionsWithout = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
const agreements = [
  ['with takeover', takeover, 'permessage-deflate'],
  ['without takeover', noTakeover, extensionsWithout],
] as const;

/** A GiB in a MiB. */
const bomb = bombOf(1024);
/** Of the frames that it comes in: one, or a thousand. */
const sizes = [bomb.length, 1024];

const cases = victims.flatMap((victim) =>
  agreements.map(([name, perMessageDeflate, extensions]) => [victim, name, perMessageDeflate, extensions] as const),
);

describe('a MiB that inflates to a GiB', () => {
  test.each(cases)(
    'closes a %s with 1009, %s, fragmented or not',
    async (victim, _name, perMessageDeflate, extensions) => {
      expect(bomb.length).toBeLessThan(1.1 * MIB);
      const memory = new MemoryWatch();
      for (const size of sizes) {
        const { raw, bystander, closed, received, errors, frame } = await attack(victim, {
          perMessageDeflate,
          extensions,
        });
        for (let at = 0; at < bomb.length; at += size) {
          const payload = bomb.subarray(at, at + size);
          const isFirst = at === 0;
          const fin = at + size >= bomb.length;
          raw.write(frame({ opcode: isFirst ? 2 : 0, rsv: isFirst ? RSV1 : 0, fin, payload }));
        }
        expect(await closeFrameOf(raw)).toBe('1009 Message too big');
        raw.socket.end();
        expect(await closed).toMatchObject({ code: 1009, remote: false, layer: 'websocket' });
        expect(received).toEqual({ messages: 0, bytes: 0 });
        expect(errors).toEqual([]);
        await bystander.stillServed();
      }
      // What was sent is held by the attacker, in the same process.
      expect(memory.grown).toBeLessThan(8 * MIB);
      expect(memory.peak).toBeLessThan(128 * MIB);
    },
  );
});

test.each(victims)('a %s inflates message after message of the longest length in the same memory', async (victim) => {
  const extensions = extensionsWithout;
  const perMessageDeflate = { ...noTakeover, maxInflateRatio: 2000 };
  const { raw, bystander, received, frame } = await attack(victim, { perMessageDeflate, extensions });
  const message = frame({ opcode: 2, rsv: RSV1, payload: bombOf(16) });
  const memory = new MemoryWatch();
  for (let i = 1; i <= 4; i++) {
    raw.write(message);
    await eventually('the message', () => received.messages === i);
  }
  expect(received.bytes).toBe(4 * 16 * MIB);
  await bystander.stillServed();
  expect(memory.grown).toBeLessThan(24 * MIB);
});

test.each(victims)('a loop on a %s that is slow holds a MiB of what was inflated, not of the wire', async (victim) => {
  const { raw, connection, bystander, frame } = await attack(victim, {
    perMessageDeflate: { ...noTakeover, maxInflateRatio: 2000 },
    extensions: extensionsWithout,
  });
  const loop = connection[Symbol.asyncIterator]();
  const first = loop.next();
  const content = Buffer.alloc(4 * MIB);
  const message = frame({ opcode: 2, rsv: RSV1, payload: compressed(content) });
  // All that was inflated counts: each of them is more than may wait.
  const memory = new MemoryWatch();
  for (let i = 0; i < 20; i++) raw.write(message);
  await first;
  await bystander.stillServed();
  await turns(20);
  expect(memory.grown).toBeLessThan(40 * MIB);
  for (let i = 1; i < 20; i++) expect((await loop.next()).value?.data.length).toBe(content.length);
});

test('a client that nobody listens to yet holds a MiB of what was inflated, not of the wire', async () => {
  const server = await listenRaw();
  const client = new WebSocket({
    url: server.url,
    closeTimeoutSecs: 0.2,
    perMessageDeflate: { maxInflateRatio: 2000 },
  });
  onTestFinished(() => void client.stop());
  const connected = client.connect();
  const raw = await server.accept();
  const head = switchingProtocols(await raw.head(), { 'Sec-WebSocket-Extensions': extensionsWithout });
  const message = frame({ opcode: 2, rsv: RSV1, payload: compressed(Buffer.alloc(4 * MIB)) });
  const memory = new MemoryWatch();
  // All of it in one segment, so that it is there before anybody can attach anything.
  raw.write(Buffer.concat([Buffer.from(head), ...Array.from({ length: 12 }, () => message)]));
  await connected;
  expect(memory.grown).toBeLessThan(16 * MIB);
  let received = 0;
  client.on('message', () => received++);
  await eventually('all of them', () => received === 12);
});
