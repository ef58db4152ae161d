import { randomBytes } from 'node:crypto';
import { type Duplex, Readable, Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { eventually, turns } from '../support/eventually.ts';
import { MemoryConnection } from '../support/memory-connection.ts';
import { openRaw } from '../support/raw-peer.ts';
import { connectClient, connectPair, startEchoServer, startServer } from '../support/running.ts';

function ended(stream: Duplex): Promise<unknown> {
  return new Promise((resolve) => {
    stream.once('error', resolve);
    stream.once('close', () => resolve(undefined));
  });
}

describe('toDuplex()', () => {
  test('sends each chunk as a binary message, and closes with 1000 at its end', async () => {
    const { client, peerLog } = await connectPair();
    await pipeline(Readable.from(['one', Buffer.from('two')]), client.toDuplex());
    expect((await peerLog.next('close')).closeInfo).toMatchObject({ code: 1000, remote: true });
    expect(peerLog.of('message').map(({ binary, bytes }) => [binary, bytes.toString()])).toEqual([
      [true, 'one'],
      [true, 'two'],
    ]);
  });

  test('sends text when told to, and keeps the types of messages in object mode', async () => {
    const { client, peer, log, peerLog } = await connectPair();
    client.toDuplex({ binary: false }).write('as text');
    client.toDuplex().write('00ff', 'hex');
    const objects = peer.toDuplex({ objectMode: true });
    objects.write('text');
    objects.write(Buffer.from('binary'));
    objects.write('');
    expect((await peerLog.next('message')).data).toBe('as text');
    expect((await peerLog.next('message')).data).toEqual(Buffer.from('00ff', 'hex'));
    expect((await log.atLeast('message', 3)).map(({ data }) => data)).toEqual(['text', Buffer.from('binary'), '']);
  });

  test('reads what arrives, as bytes or as messages', async () => {
    for (const objectMode of [false, true]) {
      const { client, peer } = await connectPair();
      const stream = client.toDuplex({ objectMode });
      peer.send('wörld');
      peer.send('');
      peer.send(Buffer.from('00ff', 'hex'));
      peer.close();
      if (objectMode) expect(await stream.toArray()).toEqual(['wörld', '', Buffer.from('00ff', 'hex')]);
      else expect(await buffer(stream)).toEqual(Buffer.concat([Buffer.from('wörld'), Buffer.from('00ff', 'hex')]));
    }
  });

  test('carries megabytes there and back', async () => {
    const { url } = await startEchoServer({ highWaterMark: 100_000, lowWaterMark: 1000 });
    const { client } = await connectClient(url, { highWaterMark: 100_000, lowWaterMark: 1000 });
    const sent = randomBytes(5_000_000);
    const stream = client.toDuplex();
    const received: Buffer[] = [];
    let length = 0;
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        received.push(chunk);
        length += chunk.length;
        if (length === sent.length) stream.end();
        setImmediate(done);
      },
    });
    const reading = pipeline(stream, sink);
    for (let at = 0; at < sent.length; at += 50_000) {
      if (!stream.write(sent.subarray(at, at + 50_000))) await new Promise((resolve) => stream.once('drain', resolve));
    }
    await reading;
    expect(Buffer.concat(received).equals(sent)).toBe(true);
  });

  test('a reader that is behind slows the peer down', async () => {
    const { client, peer } = await connectPair();
    const stream = client.toDuplex();
    while (peer.canSendMore) {
      peer.send(Buffer.alloc(100_000));
      await turns(1);
    }
    await turns(10);
    expect(stream.readableLength).toBeLessThan(300_000);
    expect(peer.bufferedAmount()).toBeGreaterThan(500_000);
    stream.resume();
    await peer.drain();
  });

  test('a peer that is behind slows the writer down', async () => {
    const ours = new MemoryConnection({ highWaterMark: 10_000, maxBufferedBytes: 20_000 });
    await ours.stall();
    const stream = ours.toDuplex();
    let written = 0;
    const writing = pipeline(
      Readable.from(
        (function* () {
          for (; written < 100; written++) yield Buffer.alloc(5000);
        })(),
      ),
      stream,
      { end: false },
    );
    await turns(10);
    expect(ours.bufferedAmount()).toBeLessThan(21_000);
    expect(written).toBeLessThan(20);
    const reading = setInterval(() => void ours.read(), 1);
    await writing;
    await eventually('everything', () => ours.frames.length === 101);
    clearInterval(reading);
  });

  test('is destroyed with an error when the connection breaks, or is closed with an error', async () => {
    const { server, port } = await startServer();
    const raw = await openRaw(port);
    const [webSocket] = server.getClients();
    const broken = webSocket?.toDuplex();
    broken?.resume();
    raw.socket.resetAndDestroy();
    expect(await ended(broken as Duplex)).toMatchObject({
      code: 'connectionClosed',
      message: expect.stringContaining('1006'),
    });
    const { client, peer } = await connectPair();
    const refused = client.toDuplex();
    refused.resume();
    peer.close(1008, 'not you');
    expect(await ended(refused)).toMatchObject({
      code: 'connectionClosed',
      message: 'the connection was closed with 1008 "not you"',
    });
  });

  test('destroying it ends the connection at once', async () => {
    const { client, peerLog } = await connectPair();
    client.toDuplex().destroy();
    expect((await peerLog.next('close')).closeInfo).toMatchObject({ code: 1006, layer: 'transport' });
  });

  test('of a connection that is over has ended, and writing to it is an error', async () => {
    const { client } = await connectPair();
    client.terminate();
    await eventually('the end', () => client.getReadyState() === 'closed');
    expect(await text(client.toDuplex())).toBe('');
    const stream = client.toDuplex();
    stream.write('late');
    expect(await ended(stream)).toMatchObject({ code: 'closed' });
  });

  test('text that is not valid is an error', async () => {
    const { client } = await connectPair();
    const stream = client.toDuplex({ binary: false });
    stream.write(Buffer.from('ff', 'hex'));
    expect(await ended(stream)).toMatchObject({ code: 'invalidUtf8' });
  });

  test('refuses options that make no sense', async () => {
    const { client } = await connectPair();
    expect(() => client.toDuplex({ objectMode: 1 } as never)).toThrow('objectMode');
    expect(() => client.toDuplex({ mode: 1 } as never)).toThrow('mode');
  });
});
