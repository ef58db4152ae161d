import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from '../../src/index.ts';
import { attack, closeFrameOf, startGuardedServer, victims } from '../support/attacked.ts';
import { Bystander } from '../support/bystander.ts';
import { eventually } from '../support/eventually.ts';
import { Random } from '../support/random.ts';
import { connectRaw, upgradeRequest } from '../support/raw-peer.ts';
import { listenRaw, switchingProtocols } from '../support/raw-server.ts';

const random = new Random(3);
/** Bytes of all kinds: chance, zeros, ones, text, TLS, HTTP/2, and what looks like a frame. */
const garbage: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['chance', random.bytes(5000)],
  ['zeros', Buffer.alloc(5000)],
  ['ones', Buffer.alloc(5000, 0xff)],
  ['line feeds', Buffer.alloc(5000, '\n')],
  ['CRLF', Buffer.alloc(5000, '\r\n')],
  ['text', Buffer.alloc(40_000, 'all work and no play ')],
  ['TLS', Buffer.from('16030100f8010000f40303', 'hex')],
  ['HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
  ['a megabyte', Buffer.alloc(1024 * 1024, 'GET ')],
];

const deflate = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };

describe('garbage for a server', () => {
  test('in place of a request, and anywhere inside of its head, is refused or waited for', async () => {
    const errors: unknown[] = [];
    const { server, port, url } = await startGuardedServer({ onCallbackError: (error) => void errors.push(error) });
    const bystander = await Bystander.join(url);
    const request = Buffer.from(upgradeRequest(deflate), 'latin1');
    const cuts = [0, 1, 3, 4, 5, 14, 16, 30, 60, request.length - 3];
    for (const [name, bytes] of garbage) {
      await Promise.all(
        cuts.map(async (cut) => {
          const raw = await connectRaw(port, { send: Buffer.concat([request.subarray(0, cut), bytes]) });
          raw.socket.end();
          await raw.ended();
          // Nothing at all, when the head might have gone on.
          const { text } = raw;
          if (text !== '') expect(text, `${name} at ${cut}`).toMatch(/^HTTP\/1\.1 (4\d\d|501|505) /);
          raw.socket.destroy();
        }),
      );
    }
    await eventually('all to be gone', () => server.getClients().size === 1);
    expect(errors).toEqual([]);
    await bystander.stillServed();
  });

  test('behind a complete request is a violation of the protocol, or nothing at all', async () => {
    const { server, port, url } = await startGuardedServer({ perMessageDeflate: true });
    const bystander = await Bystander.join(url);
    for (const [name, bytes] of garbage) {
      for (const fields of [{}, deflate]) {
        const raw = await connectRaw(port);
        raw.write(Buffer.concat([Buffer.from(upgradeRequest(fields), 'latin1'), bytes]));
        raw.socket.end();
        await raw.ended();
        expect(raw.text, name).toMatch(/^HTTP\/1\.1 101 /);
        raw.socket.destroy();
      }
    }
    await eventually('all to be gone', () => server.getClients().size === 1);
    await bystander.stillServed();
  });
});

describe('garbage for a client', () => {
  test('in place of a response, and anywhere inside of its head, fails the attempt with an error of ours', async () => {
    const { url } = await startGuardedServer();
    const bystander = await Bystander.join(url);
    const codes = new Set<string>();
    for (const [name, bytes] of garbage) {
      for (const cut of [0, 4, 9, 12, 13, 34, 60, -3]) {
        const server = await listenRaw(async (peer) => {
          const head = Buffer.from(switchingProtocols(await peer.head()), 'latin1');
          peer.socket.end(Buffer.concat([head.subarray(0, cut), bytes]));
        });
        const client = new WebSocket({ url: server.url });
        const result = await client.connect();
        if (result.success) throw new Error(`connected in spite of ${name} at ${cut}`);
        codes.add(result.errorInfo.code);
      }
    }
    const known = ['malformedResponse', 'connectionLost', 'invalidAccept', 'badStatus', 'badVersion', 'invalidUpgrade'];
    expect([...codes].filter((code) => !known.includes(code))).toEqual([]);
    await bystander.stillServed();
  });

  test('behind a complete response is an open and a close', async () => {
    const { url } = await startGuardedServer();
    const bystander = await Bystander.join(url);
    for (const [name, bytes] of garbage) {
      const server = await listenRaw(async (peer) => {
        const head = Buffer.from(switchingProtocols(await peer.head(), deflate), 'latin1');
        peer.socket.end(Buffer.concat([head, bytes]));
      });
      const client = new WebSocket({ url: server.url, closeTimeoutSecs: 0.2 });
      onTestFinished(() => void client.stop());
      const closed = new Promise((resolve) => client.on('close', ({ closeInfo }) => resolve(closeInfo.code)));
      expect((await client.connect()).success, name).toBe(true);
      expect([1002, 1006, 1007, 1008, 1009]).toContain(await closed);
    }
    await bystander.stillServed();
  });
});

const extensions = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
const perMessageDeflate = { clientNoContextTakeover: true, serverNoContextTakeover: true };

describe.each(victims)('garbage for a %s', (victim) => {
  test('inside of a frame of text, compressed or not, closes with 1007', async () => {
    for (const rsv of [0, 4]) {
      const { raw, bystander, closed, received, frame } = await attack(victim, { perMessageDeflate, extensions });
      const payload = Buffer.alloc(1000, 0xff);
      raw.write(frame({ opcode: 1, rsv, payload }));
      expect(await closeFrameOf(raw)).toMatch(/^1007 /);
      raw.socket.end();
      expect(await closed).toMatchObject({ code: 1007, remote: false, layer: 'websocket' });
      expect(received.messages).toBe(0);
      await bystander.stillServed();
    }
  });

  test.each(['our close frame', 'its own close frame', 'both', 'a violation'])(
    'behind %s is not looked at, and the connection ends in order',
    async (what) => {
      const { raw, connection, bystander, closed, received, errors, frame } = await attack(victim);
      if (what === 'our close frame' || what === 'both') {
        connection.close(3000);
        await raw.frames(1);
      }
      if (what === 'a violation') raw.write(frame({ opcode: 0 }));
      if (what !== 'our close frame' && what !== 'a violation') {
        raw.write(frame({ opcode: 8, payload: Buffer.from([0x0b, 0xb8]) }));
      }
      if (what !== 'our close frame') {
        for (const opcode of [8, 1, 9, 8]) raw.write(frame({ opcode, payload: Buffer.from([0x0b, 0xb8]) }));
        for (const [, bytes] of garbage) raw.write(bytes);
      }
      if (what === 'our close frame') raw.write(frame({ opcode: 3, payload: 'no such opcode' }));
      raw.socket.end();
      // What comes before the answer to our close frame still has to follow the protocol.
      const codes: Record<string, number> = { 'a violation': 1002, 'our close frame': 1006 };
      expect((await closed).code).toBe(codes[what] ?? 3000);
      const closes = raw.framesSoFar().filter(({ first }) => first === 0x88);
      expect(closes).toHaveLength(1);
      expect([received.messages, errors]).toEqual([0, []]);
      await bystander.stillServed();
    },
  );
});
