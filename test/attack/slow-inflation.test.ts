import { describe, expect, test } from 'vitest';
import { attack, victims } from '../support/attacked.ts';
import { bombOf, compressed, emptyBlocks } from '../support/bomb.ts';
import { eventually } from '../support/eventually.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { openRaw } from '../support/raw-peer.ts';
import { startServer } from '../support/running.ts';

const MIB = 1024 * 1024;
const RSV1 = 4;
const agreements = [
  [
    'without takeover',
    { clientNoContextTakeover: true, serverNoContextTakeover: true },
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
  ],
  ['with takeover', { clientNoContextTakeover: false, serverNoContextTakeover: false }, 'permessage-deflate'],
] as const;
const cases = victims.flatMap((victim) => agreements.map((agreement) => [victim, ...agreement] as const));

describe('one message that takes long to inflate', () => {
  // Blocks that stand for nothing: a MiB of them takes about 300 ms.
  const slow = emptyBlocks(MIB);
  const slower = emptyBlocks(3 * MIB);

  test.each(cases)(
    'to a %s, %s, holds nobody else up, and arrives',
    async (victim, _, perMessageDeflate, extensions) => {
      const { raw, bystander, received, errors, frame } = await attack(victim, { perMessageDeflate, extensions });
      raw.write(frame({ opcode: 2, rsv: RSV1, payload: slower }));
      raw.write(frame({ opcode: 1, rsv: RSV1, payload: compressed('behind') }));
      const before = bystander.served;
      await eventually('the others to be served meanwhile', () => {
        if (received.messages > 0) throw new Error('it was inflated in one piece');
        return bystander.served > before + 5;
      });
      await eventually('both messages', () => received.messages === 2);
      expect(received.bytes).toBe('behind'.length);
      expect(errors).toEqual([]);
      await bystander.stillServed();
    },
  );

  test.each(cases)(
    'to a %s, %s, is not delivered while reading is paused',
    async (victim, _, perMessageDeflate, extensions) => {
      const { raw, bystander, connection, received, frame } = await attack(victim, { perMessageDeflate, extensions });
      raw.write(frame({ opcode: 2, rsv: RSV1, payload: slow }));
      await eventually('a part of it', () => bystander.served > 3);
      connection.pause();
      const { served } = bystander;
      await eventually('others', () => bystander.served > served + 5);
      expect(received.messages).toBe(0);
      connection.resume();
      await eventually('the message', () => received.messages === 1);
      await bystander.stillServed();
    },
  );

  test.each(agreements)(
    'gives its memory back when the client is gone in the middle of it, %s',
    async (_, perMessageDeflate, extensions) => {
      const running = await startServer({ perMessageDeflate });
      const raw = await openRaw(running.port, { 'Sec-WebSocket-Extensions': extensions });
      raw.write(frame({ opcode: 2, rsv: RSV1, payload: slow, mask: RFC_MASK }));
      await eventually('the middle of it', () => running.server.metrics().messages.inflateWaits > 3);
      expect(running.server.metrics().unfinishedBytes).toBeGreaterThan(MIB / 2);
      raw.socket.destroy();
      for (const client of running.server.getClients()) client.terminate();
      await eventually('the end', () => running.server.getClients().size === 0);
      expect(running.server.metrics().unfinishedBytes).toBe(0);
    },
  );
});

describe('many messages that take long together', () => {
  test.each(cases)(
    'to a %s, %s, leave every other turn to the others',
    async (victim, _, perMessageDeflate, extensions) => {
      const { raw, bystander, received, errors, frame } = await attack(victim, { perMessageDeflate, extensions });
      // Some 64 of them in each read.
      const message = frame({ opcode: 2, rsv: RSV1, payload: compressed(Buffer.alloc(MIB)) });
      const count = 400;
      const before = bystander.served;
      for (let i = 0; i < count; i++) raw.write(message);
      raw.write(frame({ opcode: 1, rsv: RSV1, payload: compressed('behind') }));
      await eventually('the others to be served meanwhile', () => {
        if (received.messages >= count) throw new Error('all were inflated before anybody else was served');
        return bystander.served > before + 5;
      });
      await eventually('all of them', () => received.messages === count + 1);
      expect(received.bytes).toBe(count * MIB + 'behind'.length);
      expect(errors).toEqual([]);
      await bystander.stillServed();
    },
  );

  test('are counted by the server, and wait sooner when less is allowed', async () => {
    const waits: number[] = [];
    for (const maxInflateBytesPerTurn of [64 * 1024, 16 * MIB]) {
      const running = await startServer({ perMessageDeflate: { maxInflateBytesPerTurn } });
      const raw = await openRaw(running.port, { 'Sec-WebSocket-Extensions': 'permessage-deflate' });
      const message = frame({ opcode: 2, rsv: RSV1, payload: compressed(Buffer.alloc(64 * 1024)), mask: RFC_MASK });
      raw.write(Buffer.concat(Array.from({ length: 50 }, () => message)));
      await eventually('all', () => running.server.metrics().messages.received === 50);
      waits.push(running.server.metrics().messages.inflateWaits);
    }
    expect(waits[0]).toBeGreaterThan(40);
    expect(waits[1]).toBe(0);
  });
});

describe('the ratio of a message to its compressed form', () => {
  test.each(victims)('is bounded for messages of more than a MiB to a %s', async (victim) => {
    const extensions = agreements[0][2];
    const { raw, received, closed, frame } = await attack(victim, { perMessageDeflate: true, extensions });
    raw.write(frame({ opcode: 2, rsv: RSV1, payload: bombOf(1) }));
    await eventually('a MiB', () => received.messages === 1);
    raw.write(frame({ opcode: 2, rsv: RSV1, payload: bombOf(2) }));
    expect(await closed).toMatchObject({ code: 1009, remote: false });
  });
});
