import { describe, expect, test } from 'vitest';
import type { LostMessage, OutboxOptions } from '../../src/client/outbox.ts';
import { UsageError, WebSocket } from '../../src/index.ts';
import { eventually, turns } from '../support/eventually.ts';
import { closedPort, listenRaw } from '../support/raw-server.ts';
import { createClient, startEchoServer, startServer } from '../support/running.ts';

const deadUrl = async (): Promise<string> => `ws://127.0.0.1:${await closedPort()}/`;

async function started(outbox: OutboxOptions = {}) {
  const lost: LostMessage[] = [];
  const onLost = (message: LostMessage): void => void lost.push(message);
  const url = await deadUrl();
  const logged = createClient({ url, maxWaitBetweenReconnectionRetries: 20, outbox: { onLost, ...outbox } });
  logged.client.start();
  return { ...logged, lost };
}

describe('an outbox', () => {
  test('keeps what is sent without a connection, and sends it in order behind open', async () => {
    const { client, log, lost } = await started();
    expect(client.send('1')).toEqual({ success: true, compressionError: false, payloadSize: 1, wireSize: 0 });
    await log.next('error');
    const bytes = Buffer.from('22');
    expect(client.sendBinary(bytes)).toMatchObject({ success: true, payloadSize: 2 });
    bytes.fill(0);
    expect(client.sendText(Buffer.from('3'))).toMatchObject({ success: true });
    expect(client.sendBinary('4')).toMatchObject({ success: true });
    expect(client.bufferedAmount()).toBe(5);
    client.on('open', () => client.send('hello'));
    const { url } = await startEchoServer();
    client.setUrl(url);
    await log.atLeast('message', 5);
    client.send('5');
    const messages = await log.atLeast('message', 6);
    expect(messages.map(({ bytes: data, binary }) => [data.toString(), binary])).toEqual([
      ['hello', false],
      ['1', false],
      ['22', true],
      ['3', false],
      ['4', true],
      ['5', false],
    ]);
    expect([client.bufferedAmount(), client.lostMessages, lost.length]).toEqual([0, 0, 0]);
  });

  test('keeps what is sent while the server closes, for the next connection', async () => {
    const { server, url } = await startEchoServer();
    const { client, log } = createClient({ url, outbox: {} });
    client.start();
    await log.next('open');
    client.on('close', () => void client.send('again'));
    for (const peer of server.getClients()) peer.close(1001);
    expect((await log.next('message')).data).toBe('again');
    await client.stop();
  });

  test('rejects what finds no room', async () => {
    const { client, lost } = await started({ maxBytes: 10 });
    expect(client.send('12345678')).toMatchObject({ success: true });
    expect(client.send('123')).toMatchObject({ success: false, code: 'bufferFull', payloadSize: 3 });
    expect(client.send('12')).toMatchObject({ success: true });
    expect(lost).toEqual([]);
    expect(client.lostMessages).toBe(0);
  });

  test('drops the oldest, and says which', async () => {
    const { client, lost } = await started({ maxBytes: 10, policy: 'drop-oldest' });
    for (const text of ['aaaa', 'bbbb', 'cccc']) expect(client.send(text).success).toBe(true);
    expect(lost).toEqual([{ data: 'aaaa', binary: false, cause: 'dropped' }]);
    expect(client.send(Buffer.alloc(11))).toMatchObject({ success: false, code: 'bufferFull' });
    client.send('d'.repeat(10));
    expect(lost.map(({ data }) => data)).toEqual(['aaaa', 'bbbb', 'cccc']);
    expect([client.lostMessages, client.bufferedAmount()]).toEqual([3, 10]);
  });

  test('drops the newest, and says which', async () => {
    const { client, lost } = await started({ maxBytes: 10, policy: 'drop-newest' });
    expect(client.send('aaaaaaaa').success).toBe(true);
    expect(client.send('bbb')).toMatchObject({ success: false, code: 'bufferFull' });
    expect(lost).toEqual([{ data: 'bbb', binary: false, cause: 'dropped' }]);
    expect(client.lostMessages).toBe(1);
  });

  test('is bounded for empty messages as well', async () => {
    const { client } = await started();
    for (let i = 0; i < 10_000; i++) client.send('');
    expect(client.send('')).toMatchObject({ success: false, code: 'bufferFull' });
  });

  test('reports what is left when the client is stopped, and keeps nothing after that', async () => {
    const { client, lost } = await started();
    client.send('12');
    client.sendBinary(Buffer.from('345'));
    expect(await client.stop()).toEqual({ unsentBytes: 5, isDelivered: false });
    expect(lost).toEqual([
      { data: '12', binary: false, cause: 'ended' },
      { data: Buffer.from('345'), binary: true, cause: 'ended' },
    ]);
    expect(client.send('6')).toMatchObject({ success: false, code: 'closed' });
    expect(client.bufferedAmount()).toBe(0);
  });

  test('checks text when it is sent', async () => {
    const { client } = await started();
    expect(client.send('\ud800')).toMatchObject({ success: false, code: 'invalidUtf8' });
    expect(client.sendText(Buffer.from([0xff]))).toMatchObject({ success: false, code: 'invalidUtf8' });
  });

  test('that holds more than a connection takes at once sends it in parts, and later sends behind it', async () => {
    const received: number[] = [];
    const { url } = await startServer({}, (server) => {
      server.setOnClientMessageCallback((_state, _webSocket, message) => {
        if (message.type === 'message') received.push(message.bytes.readUInt32BE());
      });
    });
    const { client, log } = createClient({ url, maxBufferedBytes: 100_000, outbox: { maxBytes: 30_000_000 } });
    client.start();
    const numbered = (n: number): Buffer => {
      const bytes = Buffer.alloc(90_000);
      bytes.writeUInt32BE(n);
      return bytes;
    };
    for (let i = 0; i < 300; i++) expect(client.send(numbered(i)).success).toBe(true);
    await log.next('open');
    await turns(1);
    for (let i = 300; i < 310; i++) client.send(numbered(i));
    await eventually('all of them', () => received.length === 310);
    expect(received).toEqual(Array.from({ length: 310 }, (_, i) => i));
  });

  test('without the option a send fails', async () => {
    const { client } = createClient({ url: await deadUrl() });
    client.start();
    expect(client.send('x')).toMatchObject({ success: false, code: 'closed' });
  });

  test('reports what onLost throws, and goes on', async () => {
    const reported: unknown[] = [];
    const client = new WebSocket({
      url: await deadUrl(),
      onCallbackError: (error) => void reported.push(error),
      outbox: {
        onLost: () => {
          throw new Error('oops');
        },
      },
    });
    client.start();
    client.send('x');
    await client.stop();
    expect(reported).toEqual([new Error('oops')]);
  });

  test('of a connection made by connect() serves until that is open', async () => {
    const server = await listenRaw();
    const { client, log } = createClient({ url: server.url, outbox: {} });
    const connecting = client.connect();
    expect(client.send('early').success).toBe(true);
    const raw = await server.acceptUpgrade();
    await connecting;
    expect((await raw.frames(1))[0]?.payload).toHaveLength(5);
    raw.socket.destroy();
    await log.next('close');
    expect(client.send('late')).toMatchObject({ success: false, code: 'closed' });
  });
});

test('options of an outbox are checked', () => {
  for (const outbox of [{ maxBytes: 0 }, { policy: 'drop' }, { max: 5 }, { onLost: 5 }, 5]) {
    expect(() => new WebSocket({ outbox: outbox as unknown as OutboxOptions })).toThrow(UsageError);
  }
});
