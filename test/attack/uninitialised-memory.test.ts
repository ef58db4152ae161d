import { isUtf8 } from 'node:buffer';
import { constants, inflateRawSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket, type WebSocketConnection } from '../../src/index.ts';
import { attack, closeFrameOf, victims } from '../support/attacked.ts';
import { compressed } from '../support/bomb.ts';
import { noise } from '../support/deflate-pair.ts';
import { eventually } from '../support/eventually.ts';
import { connectRaw, openRaw, upgradeRequest } from '../support/raw-peer.ts';
import { listenRaw, switchingProtocols } from '../support/raw-server.ts';
import { startServer } from '../support/running.ts';

/*
 * Memory that Node hands out uninitialised is full of a secret here, before the first module of ours is loaded: the
 * pool, the slabs, the scratch buffers. Wherever a byte of it is sent or delivered, it shows.
 */
const { SECRET } = vi.hoisted(() => {
  const SECRET = 'S3cr3t!';
  const { allocUnsafe, allocUnsafeSlow } = Buffer;
  Buffer.allocUnsafe = (size) => allocUnsafe(size).fill(SECRET);
  Buffer.allocUnsafeSlow = (size) => allocUnsafeSlow(size).fill(SECRET);
  return { SECRET };
});

const sizes = [0, 1, 7, 125, 126, 127, 2047, 2048, 2049, 4096, 16_371, 16_384, 65_535, 65_536, 100_000];
const extensions = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
const settings = {
  plain: { perMessageDeflate: false },
  compressed: { perMessageDeflate: { clientNoContextTakeover: true, serverNoContextTakeover: true, threshold: 0 } },
} as const;

/** Half of it shrinks, half of it does not. */
function contentOf(size: number): Buffer {
  return Buffer.concat([Buffer.alloc(size >> 1, 'ab'), noise(size - (size >> 1)).map((byte) => byte & 0x7f)]);
}

function inflated(payload: Buffer): Buffer {
  const input = Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]);
  return inflateRawSync(input, { finishFlush: constants.Z_SYNC_FLUSH });
}

async function sendAll(connection: WebSocketConnection): Promise<void> {
  for (const size of sizes) {
    const content = contentOf(size);
    connection.send(content);
    connection.send(content.toString('latin1'));
    connection.send(content, false);
    connection.ping(content.subarray(0, 125));
    connection.ping(content.toString('latin1', 0, 100));
    await connection.drain();
    await connection.send(content, () => true);
  }
  connection.close(3000, 'the end');
}

describe.each(victims)('nothing uninitialised leaves a %s', (victim) => {
  test.each(['plain', 'compressed'] as const)('in messages, pings, pongs and close frames, %s', async (form) => {
    const offered = form === 'compressed' ? extensions : undefined;
    const { raw, connection, frame } = await attack(victim, { ...settings[form], extensions: offered });
    raw.write(frame({ opcode: 9, payload: '' }));
    raw.write(frame({ opcode: 9, payload: 'x'.repeat(125) }));
    await raw.frames(2);
    await sendAll(connection);
    await raw.until('the close frame', () => raw.framesSoFar().at(-1)?.first === 0x88);
    const frames = raw.framesSoFar().slice(2);
    let message: Buffer[] = [];
    const expected = sizes.flatMap((size) => {
      const content = contentOf(size);
      return [content, content, content, content.subarray(0, 125), content.subarray(0, 100), content];
    });
    let isCompressed = false;
    for (const { first, payload } of frames) {
      const opcode = first & 15;
      if (opcode === 8) expect(payload.subarray(2).toString()).toBe('the end');
      if (opcode === 8) break;
      if (opcode === 1 || opcode === 2) isCompressed = (first & 0x40) !== 0;
      message.push(payload);
      if ((first & 0x80) === 0) continue;
      const whole = Buffer.concat(message);
      const content = opcode !== 9 && isCompressed ? inflated(whole) : whole;
      const wanted = expected.shift();
      expect(wanted?.equals(content), `${content.length} bytes, opcode ${opcode}`).toBe(true);
      message = [];
    }
    expect(expected).toEqual([]);
    expect(raw.text).not.toContain(SECRET);
    raw.socket.end();
  });

  test('in what its user gets', async () => {
    const { raw, connection, frame } = await attack(victim, { ...settings.compressed, extensions });
    const got: Buffer[] = [];
    connection.on('message', ({ bytes }) => got.push(bytes));
    connection.on('ping', ({ bytes }) => got.push(bytes));
    const sent: Buffer[] = [];
    for (const size of sizes) {
      const content = contentOf(size);
      const half = size >> 1;
      raw.write(frame({ opcode: 2, payload: content }));
      raw.write(frame({ opcode: 1, rsv: 4, payload: compressed(content) }));
      raw.write(frame({ opcode: 2, fin: false, payload: content.subarray(0, half) }));
      raw.write(frame({ opcode: 9, payload: content.subarray(0, 125) }));
      raw.write(frame({ opcode: 0, payload: content.subarray(half) }));
      sent.push(content, content, content.subarray(0, 125), content);
      await eventually('the messages', () => got.length === sent.length);
    }
    for (const [i, content] of sent.entries()) expect(got[i]?.equals(content), `${content.length} bytes`).toBe(true);
  });

  test('in the close frame of a violation', async () => {
    for (const bytes of [{ opcode: 3 }, { opcode: 2, declare: 2n ** 60n }, { opcode: 8, payload: 'x' }]) {
      const { raw, frame } = await attack(victim);
      raw.write(frame(bytes));
      expect(await closeFrameOf(raw)).toMatch(/^10\d\d [\w: >]+$/);
      expect(isUtf8(raw.framesSoFar().at(-1)?.payload.subarray(2) ?? Buffer.alloc(1, 0xff))).toBe(true);
      expect(raw.text).not.toContain(SECRET);
      raw.socket.end();
    }
  });
});

test('nothing uninitialised is in requests, responses and refusals', async () => {
  const { port } = await startServer({ perMessageDeflate: true, subprotocols: ['a'] });
  const opened = await openRaw(port, {
    'Sec-WebSocket-Extensions': 'permessage-deflate',
    'Sec-WebSocket-Protocol': 'a',
  });
  expect(opened.text).not.toContain(SECRET);
  for (const request of ['\0', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', upgradeRequest({ Upgrade: undefined })]) {
    const refused = await connectRaw(port, { send: request });
    await refused.ended();
    expect(refused.text).toMatch(/^HTTP\/1\.1 4/);
    expect(refused.text).not.toContain(SECRET);
    refused.socket.end();
  }
  const server = await listenRaw();
  const client = new WebSocket({ url: `${server.url}${'x'.repeat(3000)}`, closeTimeoutSecs: 0.1 });
  onTestFinished(() => void client.stop());
  const connected = client.connect();
  const raw = await server.accept();
  const head = await raw.head();
  expect(head).not.toContain(SECRET);
  raw.write(switchingProtocols(head));
  expect((await connected).success).toBe(true);
});

test('one connection never gets what belongs to another', async () => {
  const marks = ['aaaa', 'bbbb', 'cccc', 'dddd'];
  const attackers = await Promise.all(marks.map(() => attack('server', { ...settings.compressed, extensions })));
  for (const { connection } of attackers) {
    connection.on('message', ({ data, binary }) => connection.send(data, binary));
  }
  for (const size of [1, 100, 2000, 20_000, 100_000, 5]) {
    for (const [i, { raw, frame }] of attackers.entries()) {
      const content = Buffer.alloc(size, marks[i]);
      raw.write(
        Buffer.concat([
          frame({ opcode: 2, payload: content }),
          frame({ opcode: 1, rsv: 4, payload: compressed(content) }),
          frame({ opcode: 9, payload: content.subarray(0, 125) }),
        ]),
      );
    }
  }
  for (const [i, { raw }] of attackers.entries()) {
    const frames = await raw.frames(18);
    const own = marks[i]?.charCodeAt(0);
    for (const { first, payload } of frames) {
      const content = (first & 0x40) === 0 ? payload : inflated(payload);
      expect(content.every((byte) => byte === own)).toBe(true);
    }
  }
});
