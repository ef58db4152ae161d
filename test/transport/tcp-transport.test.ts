import net from 'node:net';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { canMoveHandle, overrideHandleMoving } from '../../src/transport/tcp/socket-handle.ts';
import { connectTcp } from '../../src/transport/tcp/tcp-connect.ts';
import { type Listener, listenOn } from '../../src/transport/tcp/tcp-listen.ts';
import { TcpTransport } from '../../src/transport/tcp/tcp-transport.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { eventually, turns } from '../support/eventually.ts';
import { connectRaw, type RawPeer } from '../support/raw-peer.ts';
import { listenRaw } from '../support/raw-server.ts';
import { activeResources, noSocketsBut } from '../support/resources.ts';
import { TransportRecorder } from '../support/transport-recorder.ts';

interface Accepted {
  readonly transport: Transport;
  readonly recorder: TransportRecorder;
  readonly peer: RawPeer;
}

async function listen(onConnection: (transport: Transport) => void): Promise<Listener> {
  const listener = await listenOn({
    host: '127.0.0.1',
    port: 0,
    backlog: 16,
    ipv6Only: false,
    family: 4,
    onSocket: (socket) => onConnection(new TcpTransport(socket, { mayMove: true, readsIntoSharedBuffer: false })),
    onError: () => undefined,
  });
  onTestFinished(() => listener.close());
  return listener;
}

/** An accepted transport, started, and the raw peer at its other end. */
async function accept(): Promise<Accepted> {
  const accepted: Transport[] = [];
  const { port } = await listen((transport) => void accepted.push(transport));
  const peer = await connectRaw(port);
  const transport = await eventually('a connection', () => accepted[0]);
  onTestFinished(() => transport.destroy());
  const recorder = new TransportRecorder();
  transport.start(recorder);
  return { transport, recorder, peer };
}

/** A transport that connected, started, and the raw peer at its other end. */
async function connect(): Promise<Accepted> {
  const server = await listenRaw();
  const transport = await connectTcp({ host: '127.0.0.1', port: server.port });
  onTestFinished(() => transport.destroy());
  const recorder = new TransportRecorder();
  transport.start(recorder);
  return { transport, recorder, peer: await server.accept() };
}

/** Ten reads, one at a time: more than it takes for a handle to move. */
async function makeBusy({ recorder, peer }: Accepted): Promise<void> {
  for (let i = 0; i < 10; i++) {
    const length = recorder.bytes.length + 1;
    peer.write('.');
    await recorder.until('a byte', () => recorder.bytes.length >= length);
  }
  recorder.bytes = Buffer.alloc(0);
}

const kinds = [
  ['accepted, its handle never moves', accept, false, false],
  ['accepted, before its handle moves', accept, true, false],
  ['accepted, after its handle has moved', accept, true, true],
  ['accepted and busy, its handle never moves', accept, false, true],
  ['connected', connect, undefined, false],
] as const;

describe.each(kinds)('a transport that is %s', (_name, make, isMoving, isBusy) => {
  beforeEach(() => overrideHandleMoving(isMoving));
  afterEach(() => overrideHandleMoving(undefined));

  const open = async (): Promise<Accepted> => {
    const accepted = await make();
    if (isBusy) await makeBusy(accepted);
    return accepted;
  };

  test('knows who is at the other end', async () => {
    const { transport, peer } = await open();
    expect(transport.remoteAddress).toBe('127.0.0.1');
    expect(transport.remotePort).toBe(peer.socket.localPort);
    expect(transport.isEncrypted).toBe(false);
  });

  test('reports bytes as they arrive, in order, however many', async () => {
    const { recorder, peer } = await open();
    const sent = Buffer.alloc(3_000_000, Buffer.from('0123456789abcdefghijk'));
    peer.write(sent);
    await recorder.until('all bytes', () => recorder.bytes.length >= sent.length);
    expect(recorder.bytes.equals(sent)).toBe(true);
  });

  test('reports small reads one by one', async () => {
    const { recorder, peer } = await open();
    for (let i = 0; i < 30; i++) {
      peer.write(String.fromCharCode(65 + i));
      await recorder.until('a byte', () => recorder.bytes.length > i);
    }
    expect(recorder.bytes.toString('latin1')).toBe(
      String.fromCharCode(...Array.from({ length: 30 }, (_, i) => 65 + i)),
    );
  });

  test('writes pieces in order, with one call or several, and reports the drain once', async () => {
    const { transport, recorder, peer } = await open();
    transport.write(Buffer.from('one '));
    transport.writeAll([Buffer.from('two '), Buffer.from('three ')]);
    await peer.until('all of it', () => peer.text === 'one two three ');
    expect(recorder.drains).toBe(0);
    expect(transport.pendingBytes).toBe(0);
    peer.socket.pause();
    const big = Buffer.alloc(20_000_000, 7);
    transport.write(big);
    transport.writeAll([big, big]);
    expect(transport.pendingBytes).toBeGreaterThan(40_000_000);
    await turns(20);
    expect(recorder.drains).toBe(0);
    peer.socket.resume();
    await peer.until('all of it', () => peer.received >= 14 + 3 * big.length);
    await recorder.until('a drain', () => recorder.drains > 0);
    expect(transport.pendingBytes).toBe(0);
    expect(recorder.drains).toBe(1);
    expect(transport.isWritable).toBe(true);
  });

  test('reads nothing while paused, and everything afterwards', async () => {
    const { transport, recorder, peer } = await open();
    transport.pause();
    const sent = Buffer.alloc(8_000_000, 'pause');
    peer.write(sent);
    await turns(30);
    // A read that was asked for before it was paused may still come.
    const early = recorder.bytes.length;
    expect(early).toBeLessThanOrEqual(4 * 65_536);
    expect(peer.socket.writableLength).toBeGreaterThan(0);
    await turns(30);
    expect(recorder.bytes.length).toBe(early);
    transport.resume();
    await recorder.until('all bytes', () => recorder.bytes.length >= sent.length);
    expect(recorder.bytes.equals(sent)).toBe(true);
  });

  test('may be paused in each read and resumed later, without losing a byte', async () => {
    const { transport, recorder, peer } = await open();
    let whilePaused = 0;
    let isPaused = false;
    recorder.onRead = () => {
      if (isPaused) whilePaused++;
      transport.pause();
      isPaused = true;
      setImmediate(() => {
        isPaused = false;
        transport.resume();
      });
    };
    const sent = Buffer.alloc(2_000_000, 'again and again');
    peer.write(sent);
    await recorder.until('all bytes', () => recorder.bytes.length >= sent.length);
    expect(recorder.bytes.equals(sent)).toBe(true);
    expect(whilePaused).toBe(0);
  });

  test('reports the end of the peer, and can still write', async () => {
    const { transport, recorder, peer } = await open();
    peer.socket.end('last words');
    await recorder.until('the end', () => recorder.events.includes('end'));
    expect(recorder.bytes.toString()).toBe('last words');
    expect(transport.isWritable).toBe(true);
    transport.write(Buffer.from('answer'));
    transport.end();
    await peer.ended();
    expect(peer.text).toBe('answer');
    await recorder.until('closed', () => recorder.events.includes('closed'));
    expect(recorder.events).toEqual(['end', 'closed']);
    expect(recorder.error).toBeUndefined();
  });

  test('does not report the end while it is paused', async () => {
    const { transport, recorder, peer } = await open();
    recorder.onRead = () => transport.pause();
    peer.socket.end('read this first');
    await recorder.until('the bytes', () => recorder.bytes.length > 0);
    await turns(20);
    expect(recorder.events).toEqual([]);
    transport.resume();
    await recorder.until('the end', () => recorder.events.includes('end'));
  });

  test('ends its own side behind what it wrote, and reads on', async () => {
    const { transport, recorder, peer } = await open();
    transport.write(Buffer.alloc(5_000_000, 1));
    transport.end();
    expect(transport.isWritable).toBe(false);
    await peer.ended();
    expect(peer.bytes.length).toBe(5_000_000);
    peer.write('still heard');
    await recorder.until('the bytes', () => recorder.bytes.length === 11);
    peer.socket.end();
    await recorder.until('closed', () => recorder.events.includes('closed'));
    expect(recorder.events).toEqual(['end', 'closed']);
  });

  test('reports being destroyed, once, and nothing after it', async () => {
    const { transport, recorder, peer } = await open();
    transport.destroy();
    transport.destroy();
    expect(transport.isWritable).toBe(false);
    peer.write('too late');
    await recorder.until('closed', () => recorder.events.includes('closed'));
    await turns(10);
    expect(recorder.events).toEqual(['closed']);
    expect(recorder.bytes.length).toBe(0);
  });

  test('reports the error it was destroyed with', async () => {
    const { transport, recorder } = await open();
    const error = new Error('mine');
    transport.destroy(error);
    await recorder.until('closed', () => recorder.events.includes('closed'));
    expect(recorder.error).toBe(error);
  });

  test('reports a reset as an error', async () => {
    const { recorder, peer } = await open();
    peer.socket.resetAndDestroy();
    await recorder.until('closed', () => recorder.events.includes('closed'));
    expect(recorder.error).toMatchObject({ code: 'ECONNRESET' });
    expect(recorder.events).toEqual(['closed']);
  });

  test('goes on with another handler, from one read to the next', async () => {
    const { transport, recorder, peer } = await open();
    const second = new TransportRecorder();
    recorder.onRead = () => transport.start(second);
    peer.write('first');
    await recorder.until('the first', () => recorder.bytes.length === 5);
    peer.write('second');
    await second.until('the second', () => second.bytes.length === 6);
    peer.socket.end();
    await second.until('the end', () => second.events.includes('end'));
    expect(recorder.bytes.toString()).toBe('first');
    expect(recorder.events).toEqual([]);
  });

  test('does not count as open once it is closed', async () => {
    const before = activeResources();
    const { transport, recorder, peer } = await open();
    transport.unref();
    transport.ref();
    transport.end();
    peer.socket.end();
    await recorder.until('closed', () => recorder.events.includes('closed'));
    peer.socket.destroy();
    await noSocketsBut({ ...before, TCPServerWrap: (before.TCPServerWrap ?? 0) + 1 });
  });
});

describe('a handle that moves', () => {
  beforeEach(() => overrideHandleMoving(true));
  afterEach(() => overrideHandleMoving(undefined));

  test('loses no byte of a stream that goes on all the time, in both directions', async () => {
    const { transport, recorder, peer } = await accept();
    const sent = Buffer.alloc(4_000_000, 'to and fro, ');
    let echoed = 0;
    recorder.onRead = () => {
      const fresh = recorder.bytes.subarray(echoed);
      echoed = recorder.bytes.length;
      if (fresh.length > 0) transport.write(Buffer.from(fresh));
    };
    for (let at = 0; at < sent.length; at += 100_000) {
      peer.write(sent.subarray(at, at + 100_000));
      await turns(1);
    }
    await peer.until('the echo', () => peer.received >= sent.length);
    expect(peer.bytes.equals(sent)).toBe(true);
    expect(recorder.reads).toBeGreaterThan(8);
  });

  test('waits until what was written has left', async () => {
    const { transport, recorder, peer } = await accept();
    peer.socket.pause();
    const big = Buffer.alloc(10_000_000, 3);
    transport.write(big);
    for (let i = 0; i < 20; i++) {
      peer.socket.write('.');
      await recorder.until('a byte', () => recorder.bytes.length > i);
    }
    expect(transport.pendingBytes).toBeGreaterThan(0);
    peer.socket.resume();
    await peer.until('all of it', () => peer.received >= big.length);
    await recorder.until('the drain', () => recorder.drains === 1);
    for (let i = 20; i < 40; i++) {
      peer.write('.');
      await recorder.until('a byte', () => recorder.bytes.length > i);
    }
    transport.write(Buffer.from('end'));
    await peer.until('the end', () => peer.received === big.length + 3);
    expect(peer.bytes.subarray(0, -3).equals(big)).toBe(true);
  });

  test('keeps being unref()ed', async () => {
    const accepted = await accept();
    accepted.transport.unref();
    await makeBusy(accepted);
    const refs = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
    const unrefed = refs();
    accepted.transport.ref();
    expect(refs()).toBe(unrefed + 1);
  });

  test('leaves the count of its server right', async () => {
    const accepted = await accept();
    await makeBusy(accepted);
    const before = activeResources();
    accepted.transport.destroy();
    await accepted.recorder.until('closed', () => accepted.recorder.events.includes('closed'));
    expect((activeResources().TCPSocketWrap ?? 0) - (before.TCPSocketWrap ?? 0)).toBe(-1);
  });
});

test('a runtime without the method for it is found out, and its sockets are left alone', async () => {
  overrideHandleMoving(undefined);
  onTestFinished(() => overrideHandleMoving(undefined));
  const accepted = await accept();

  expect(canMoveHandle(new net.Socket())).toBe(true);
  overrideHandleMoving(undefined);
  expect(canMoveHandle(new net.Socket())).toBe(false);
  await makeBusy(accepted);
});
