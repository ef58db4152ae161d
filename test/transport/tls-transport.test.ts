import { randomBytes } from 'node:crypto';
import type net from 'node:net';
import { type ConnectionOptions, connect, createServer, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BatchWriter } from '../../src/transport/batch-writer.ts';
import { connectTls } from '../../src/transport/tls/tls-connect.ts';
import { readTlsMaterial, secureContextFor } from '../../src/transport/tls/tls-context.ts';
import { TlsTransport } from '../../src/transport/tls/tls-transport.ts';
import type { Transport, TransportHandler } from '../../src/transport/transport.ts';
import { Deferred } from '../../src/util/deferred.ts';
import { turns } from '../support/eventually.ts';
import { identity, trusting } from '../support/secure.ts';
import { Watch } from '../support/watch.ts';

/** Keeps what a transport reports, and does with the bytes what a test wants. */
class Recorder implements TransportHandler {
  readonly events: string[] = [];
  readonly watch = new Watch();
  received: Buffer[] = [];
  length = 0;
  error: Error | undefined;
  onChunk: (chunk: Buffer) => void = () => undefined;

  onBytes(buffer: Buffer, start: number, end: number): void {
    this.received.push(Buffer.from(buffer.subarray(start, end)));
    this.length += end - start;
    this.onChunk(buffer.subarray(start, end));
    this.watch.changed();
  }

  onEnd(): void {
    this.#add('end');
  }

  onDrain(): void {
    this.#add('drain');
  }

  onClosed(error: Error | undefined): void {
    this.error = error;
    this.#add('closed');
  }

  get text(): string {
    return Buffer.concat(this.received).toString('latin1');
  }

  until(what: string, read: () => unknown): Promise<unknown> {
    return this.watch.until(what, () => read() === true);
  }

  #add(event: string): void {
    this.events.push(event);
    this.watch.changed();
  }
}

interface Ends {
  /** The transport under test. */
  readonly transport: Transport;
  /** The other end, as Node has it. */
  readonly socket: TLSSocket;
}

const secureContext = secureContextFor(readTlsMaterial(trusting, 'SYSTEM'));

/** A transport of ours, and the other end of it as Node makes it. */
async function connectEnds(role: 'client' | 'server'): Promise<Ends> {
  const accepted = new Deferred<TLSSocket>();
  const server = createServer({ cert: identity.certFile, key: identity.keyFile, allowHalfOpen: true }, (socket) =>
    accepted.resolve(socket.on('error', () => undefined)),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  onTestFinished(() => void server.close());
  if (role === 'client') {
    const options = { secureContext, serverName: 'localhost', expectedName: 'localhost', verifies: true };
    const transport = await connectTls({ host: '127.0.0.1', port, ...options });
    return finishEnds({ transport, socket: await accepted.promise });
  }
  const options: ConnectionOptions & net.SocketConstructorOpts = { rejectUnauthorized: false, allowHalfOpen: true };
  const socket = connect(port, '127.0.0.1', options);
  socket.on('error', () => undefined);
  return finishEnds({ transport: new TlsTransport(await accepted.promise, false), socket });
}

function finishEnds(ends: Ends): Ends {
  onTestFinished(() => {
    ends.transport.destroy();
    ends.socket.destroy();
  });
  return ends;
}

/** The bytes that the other end receives. */
function receivedBy(socket: TLSSocket): Recorder {
  const recorder = new Recorder();
  socket.on('data', (chunk: Buffer) => recorder.onBytes(chunk, 0, chunk.length));
  return recorder;
}

describe.each(['client', 'server'] as const)('the TLS transport of a %s', (role) => {
  it('carries large data both ways', async () => {
    const { transport, socket } = await connectEnds(role);
    const recorder = new Recorder();
    transport.start(recorder);
    const remote = receivedBy(socket);
    const data = randomBytes(5_000_000);
    transport.writeAll([data.subarray(0, 100), data.subarray(100)]);
    expect(transport.pendingBytes).toBeGreaterThan(0);
    socket.write(data);
    await recorder.until('all of it here', () => recorder.length === data.length);
    await remote.until('all of it there', () => remote.length === data.length);
    expect(Buffer.concat(recorder.received).equals(data)).toBe(true);
    expect(Buffer.concat(remote.received).equals(data)).toBe(true);
    await recorder.until('the drain', () => recorder.events.includes('drain'));
    expect([transport.pendingBytes, transport.unsentBytes]).toEqual([0, 0]);
  });

  it('writes what is sent while it delivers only afterwards, so that no record lands in another', async () => {
    const { transport, socket } = await connectEnds(role);
    const recorder = new Recorder();
    const remote = receivedBy(socket);
    const own = Reflect.get(transport, 'socket') as TLSSocket;
    let depth = 0;
    recorder.onChunk = (chunk) => {
      expect(++depth).toBe(1);
      const before = Buffer.from(chunk);
      const pending = transport.pendingBytes;
      for (let i = 0; i < 20; i++) transport.write(Buffer.from(before));
      expect(transport.pendingBytes - pending).toBe(20 * before.length);
      expect(own.writableLength).toBe(pending);
      expect(chunk.equals(before)).toBe(true);
      depth--;
    };
    transport.start(recorder);
    socket.cork();
    for (let i = 0; i < 200; i++) socket.write(`record ${String(i).padStart(3, '0')};`);
    socket.uncork();
    for (let i = 0; i < 200; i++) socket.write(`single ${String(i).padStart(3, '0')};`);
    await remote.until('twenty times the same', () => remote.length === 20 * 400 * 11);
    expect(recorder.text).toBe(
      ['record', 'single']
        .flatMap((word) => Array.from({ length: 200 }, (_, i) => `${word} ${String(i).padStart(3, '0')};`))
        .join(''),
    );
  });

  it('delivers nothing while it is paused, and all of it later, then the end', async () => {
    const { transport, socket } = await connectEnds(role);
    const recorder = new Recorder();
    recorder.onChunk = () => transport.pause();
    transport.start(recorder);
    for (let i = 0; i < 50; i++) socket.write('x'.repeat(1000));
    socket.end();
    await recorder.until('a first piece', () => recorder.length > 0);
    await turns(10);
    const { length } = recorder;
    expect(length).toBeLessThan(50_000);
    expect(recorder.events).toEqual([]);
    recorder.onChunk = () => undefined;
    transport.resume();
    expect(recorder.length).toBe(length);
    await recorder.until('the end', () => recorder.events.includes('end'));
    expect(recorder.length).toBe(50_000);
  });

  it('goes on sending after the peer has ended', async () => {
    const { transport, socket } = await connectEnds(role);
    const recorder = new Recorder();
    transport.start(recorder);
    const remote = receivedBy(socket);
    socket.end('over');
    await recorder.until('the end', () => recorder.events.includes('end'));
    expect(transport.isWritable).toBe(true);
    transport.write(Buffer.from('not yet'));
    transport.end();
    expect(transport.isWritable).toBe(false);
    await recorder.until('the close', () => recorder.events.includes('closed'));
    expect(remote.text).toBe('not yet');
    expect(recorder.error).toBeUndefined();
  });

  it('sends what was written in the same delivery before it ends', async () => {
    const { transport, socket } = await connectEnds(role);
    const recorder = new Recorder();
    const remote = receivedBy(socket);
    recorder.onChunk = () => {
      transport.write(Buffer.from('good'));
      transport.write(Buffer.from('bye'));
      transport.end();
    };
    transport.start(recorder);
    socket.write('hello');
    await remote.until('all of it', () => remote.text === 'goodbye');
  });

  it('is closed at once by destroy, even inside a delivery, and says why', async () => {
    const { transport, socket } = await connectEnds(role);
    const recorder = new Recorder();
    recorder.onChunk = () => {
      transport.write(Buffer.from('lost'));
      transport.destroy(new Error('enough'));
    };
    transport.start(recorder);
    socket.write('hello');
    await recorder.until('the close', () => recorder.events.includes('closed'));
    expect(recorder.error?.message).toBe('enough');
    expect(recorder.events).toEqual(['closed']);
    expect(transport.isWritable).toBe(false);
  });

  it('gives what was batched as copies, which nobody changes', async () => {
    const { transport, socket } = await connectEnds(role);
    const recorder = new Recorder();
    transport.start(recorder);
    const remote = receivedBy(socket);
    const writer = new BatchWriter(transport);
    recorder.onDrain = () => writer.onDrain();
    expect(transport.releasesBuffers).toBe(false);
    let expected = '';
    for (let round = 0; round < 300; round++) {
      const text = String.fromCharCode(97 + (round % 26)).repeat(1 + ((round * 37) % 900));
      expected += text;
      const at = writer.reserve(text.length);
      writer.commit(at + writer.bytes.write(text, at, 'latin1'));
      writer.flush();
      // Whoever takes the slab next writes over it.
      const other = writer.reserve(1000);
      writer.bytes.fill(0, other, other + 1000);
      if (round % 50 === 0) await turns(1);
    }
    await remote.until('all of it', () => remote.length === expected.length);
    expect(remote.text).toBe(expected);
  });
});

describe('a TLS transport', () => {
  it('that was closed before it is started says so', async () => {
    const { transport } = await connectEnds('client');
    transport.destroy(new Error('gone'));
    await new Promise((resolve) => (Reflect.get(transport, 'socket') as TLSSocket).once('close', resolve));
    const recorder = new Recorder();
    transport.start(recorder);
    expect(recorder.events).toEqual([]);
    await recorder.until('the close', () => recorder.events.includes('closed'));
    expect(recorder.error?.message).toBe('gone');
  });

  it('delivers what came before it was started', async () => {
    const { transport, socket } = await connectEnds('client');
    socket.write('early');
    await turns(20);
    const recorder = new Recorder();
    transport.start(recorder);
    await recorder.until('the bytes', () => recorder.text === 'early');
  });

  it('knows its addresses and what was agreed on', async () => {
    const { transport } = await connectEnds('client');
    expect(transport).toMatchObject({ isEncrypted: true, remoteAddress: '127.0.0.1' });
    expect(transport.remotePort).toBeGreaterThan(0);
    expect(transport.tls).toMatchObject({ version: 'TLSv1.3', isAuthorized: true, serverName: 'localhost' });
    expect(transport.tls?.certificate?.subject).toBe('CN=localhost');
  });
});
