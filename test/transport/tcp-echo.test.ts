import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { overrideHandleMoving } from '../../src/transport/tcp/socket-handle.ts';
import { eventually, turns } from '../support/eventually.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { openRaw } from '../support/raw-peer.ts';
import { connectClient, startEchoServer } from '../support/running.ts';

/** The same connection, whether or not its handle moves on the way. */
describe.each([
  ['off', false],
  ['on', true],
] as const)('with moving %s', (_name, isMoving) => {
  beforeEach(() => overrideHandleMoving(isMoving));
  afterEach(() => overrideHandleMoving(undefined));

  test('a thousand messages, one at a time, come back', async () => {
    const { url } = await startEchoServer();
    const { client, log } = await connectClient(url);
    for (let i = 0; i < 1000; i++) {
      client.send(`message ${i}`);
      expect((await log.next('message')).data).toBe(`message ${i}`);
      log.all.length = 0;
    }
  });

  test('messages of every size come back, while the handle moves', async () => {
    const { url } = await startEchoServer();
    const { client, log } = await connectClient(url);
    const sizes = Array.from({ length: 60 }, (_, i) => (i * 7919) % 70_000);
    for (const [i, size] of sizes.entries()) {
      client.send(Buffer.alloc(size, i));
      await turns(1);
    }
    const messages = await log.atLeast('message', sizes.length);
    for (const [i, message] of messages.entries())
      expect(message.bytes.equals(Buffer.alloc(sizes[i] ?? 0, i))).toBe(true);
  });

  test('a message that is cut by the move, at every byte, is whole', async () => {
    const { port } = await startEchoServer();
    const whole = frame({ opcode: 1, payload: 'straddling the move', mask: RFC_MASK });
    for (let cut = 1; cut < whole.length; cut++) {
      const raw = await openRaw(port);
      // One read of the request, and seven more before the cut one.
      for (let i = 1; i <= 7; i++) {
        raw.write(frame({ opcode: 1, payload: `${i}`, mask: RFC_MASK }));
        if (i < 7) await raw.frames(i);
      }
      raw.write(whole.subarray(0, cut));
      await raw.frames(7);
      await turns(1);
      raw.write(whole.subarray(cut));
      const frames = await raw.frames(8);
      expect(frames.at(-1)?.payload.toString()).toBe('straddling the move');
      raw.socket.destroy();
    }
  });

  test('pause and resume work after it', async () => {
    const { server, url } = await startEchoServer();
    const { client, log } = await connectClient(url);
    for (let i = 0; i < 20; i++) {
      client.send('busy');
      await log.next('message');
    }
    const [peer] = server.getClients();
    if (peer === undefined) throw new Error('no connection');
    peer.pause();
    for (let i = 0; i < 100; i++) client.send(Buffer.alloc(100_000, i));
    await turns(30);
    expect(log.of('message')).toHaveLength(20);
    expect(client.bufferedAmount()).toBeGreaterThan(0);
    peer.resume();
    const messages = await log.atLeast('message', 120);
    expect(messages.slice(20).map((message) => message.bytes[0])).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  test('a half-closed peer still gets its answer and its close frame', async () => {
    const { server, port } = await startEchoServer();
    const raw = await openRaw(port);
    for (let i = 1; i <= 20; i++) {
      raw.write(frame({ opcode: 1, payload: 'busy', mask: RFC_MASK }));
      await raw.frames(i);
    }
    const last = frame({ opcode: 1, payload: 'last', mask: RFC_MASK });
    raw.socket.end(Buffer.concat([last, frame({ opcode: 8, payload: Buffer.from('03e8', 'hex'), mask: RFC_MASK })]));
    const frames = await raw.frames(22);
    expect(frames.slice(20).map(({ first, payload }) => [first, payload.toString('latin1')])).toEqual([
      [0x81, 'last'],
      [0x88, '\x03\xe8'],
    ]);
    await raw.ended();
    await eventually('the connection to be gone', () => server.getClients().size === 0);
  });

  test('stop() of the server ends busy connections', async () => {
    const { server, url } = await startEchoServer();
    const clients = await Promise.all(Array.from({ length: 5 }, () => connectClient(url)));
    for (const { client, log } of clients) {
      for (let i = 0; i < 20; i++) {
        client.send('busy');
        await log.next('message');
      }
    }
    await server.stop();
    for (const { log } of clients) {
      expect((await log.next('close')).closeInfo).toMatchObject({ code: 1000, remote: true, layer: 'websocket' });
    }
    expect((await server.listenAndStart()).ok).toBe(true);
  });

  test('a reset, a violation and a flood are handled after it', async () => {
    const { server, port } = await startEchoServer();
    const busy = async () => {
      const raw = await openRaw(port);
      for (let i = 1; i <= 20; i++) {
        raw.write(frame({ opcode: 1, payload: 'busy', mask: RFC_MASK }));
        await raw.frames(i);
      }
      return raw;
    };
    (await busy()).socket.resetAndDestroy();
    const violator = await busy();
    violator.write(Buffer.from('8100', 'hex'));
    expect((await violator.frames(21)).at(-1)?.first).toBe(0x88);
    violator.socket.destroy();
    const flooder = await busy();
    flooder.socket.pause();
    for (let i = 0; i < 100; i++) flooder.write(frame({ opcode: 2, payload: Buffer.alloc(50_000), mask: RFC_MASK }));
    await turns(20);
    flooder.socket.destroy();
    await eventually('all to be gone', () => server.getClients().size === 0);
  });
});
