import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { UsageError, WebSocket } from '../../src/index.ts';
import { listenRaw } from '../support/raw-server.ts';
import { createClient, startEchoServer } from '../support/running.ts';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('a signal', () => {
  test('of connect() ends the attempt', async () => {
    const server = await listenRaw();
    const aborter = new AbortController();
    const { client } = createClient({ url: server.url });
    const connecting = client.connect({ signal: aborter.signal });
    await server.accept();
    aborter.abort();
    expect(await connecting).toMatchObject({ success: false, errorInfo: { code: 'cancelled' } });
    expect(listeners(aborter.signal)).toBe(0);
    expect(client.getReadyState()).toBe('closed');
  });

  test('of connect() closes the connection that it made', async () => {
    const server = await startEchoServer();
    const aborter = new AbortController();
    const { client } = createClient({ url: server.url });
    expect(await client.connect({ timeoutSecs: 5, signal: aborter.signal })).toMatchObject({ success: true });
    aborter.abort();
    expect(await client.run()).toMatchObject({ code: 1000 });
    expect(listeners(aborter.signal)).toBe(0);
  });

  test('that was aborted before ends connect() without connecting', async () => {
    const server = await listenRaw();
    const { client } = createClient({ url: server.url });
    const result = await client.connect({ signal: AbortSignal.abort() });
    expect(result).toMatchObject({ success: false, errorInfo: { code: 'cancelled' } });
    expect(server.peers).toHaveLength(0);
  });

  test('of the options stops a client that was started, between attempts too', async () => {
    const server = await listenRaw((peer) => peer.socket.destroy());
    const aborter = new AbortController();
    const { client, log } = createClient({ url: server.url, signal: aborter.signal });
    client.start();
    await log.next('error');
    aborter.abort();
    await client.stop();
    expect(listeners(aborter.signal)).toBe(0);
    client.start();
    await client.stop();
    expect(client.getReadyState()).toBe('closed');
  });

  test('is let go of by a client that was stopped', async () => {
    const server = await startEchoServer();
    const { signal } = new AbortController();
    const { client } = createClient({ url: server.url, signal });
    for (let i = 0; i < 3; i++) {
      await client.connect();
      expect(listeners(signal)).toBe(1);
      await client.stop();
    }
    expect(listeners(signal)).toBe(0);
  });

  test('has to be one', async () => {
    expect(() => new WebSocket({ signal: {} as AbortSignal })).toThrow(/^signal: must be an AbortSignal/);
    await expect(new WebSocket().connect({ signal: 1 as unknown as AbortSignal })).rejects.toThrow(UsageError);
    await expect(new WebSocket().connect({ timeout: 1 } as object)).rejects.toThrow(
      /did you mean 'timeoutSecs'|is not an option/,
    );
  });
});
