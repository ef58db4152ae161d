import { describe, expect, test } from 'vitest';
import { WebSocket } from '../../src/index.ts';
import { turns } from '../support/eventually.ts';
import { createClient, startEchoServer, startServer } from '../support/running.ts';

const fast = { maxWaitBetweenReconnectionRetries: 10 };

describe('options that are functions', () => {
  test('are called for each attempt, and may be async', async () => {
    const seen: string[] = [];
    const { server, url } = await startServer({ subprotocols: (offered) => offered[0] }, (made) => {
      made.setOnClientMessageCallback((_state, _webSocket, message) => {
        if (message.type !== 'open') return;
        seen.push([message.openInfo.uri, message.headers.get('authorization'), message.openInfo.protocol].join(' '));
      });
    });
    let n = 0;
    const { client, log } = createClient({
      url: async () => {
        await turns(2);
        return `${url}?n=${++n}`;
      },
      extraHeaders: async () => ({ Authorization: `token-${n}` }),
      subprotocols: () => [`v${n}`],
    });
    expect([client.getUrl(), client.getSubprotocols()]).toEqual(['', []]);
    client.start();
    expect(client.getReadyState()).toBe('connecting');
    await log.next('open');
    for (const peer of server.getClients()) peer.terminate();
    await log.atLeast('open', 2);
    expect(seen).toEqual(['/?n=1 token-0 v0', '/?n=2 token-1 v1']);
    expect([client.getUrl(), client.getSubprotocols()]).toEqual([`${url}?n=2`, ['v1']]);
  });

  test('fail the attempt when they throw, reject, or return what cannot be used, and are called again', async () => {
    const { url } = await startEchoServer();
    const answers = [
      () => Promise.reject(new Error('no token')),
      () => {
        throw new Error('not now');
      },
      () => ({ 'bad name': 'x' }),
      () => 5 as unknown as Record<string, string>,
      () => ({ Fine: 'yes' }),
    ];
    let n = 0;
    const { client, log } = createClient({ url, ...fast, extraHeaders: () => answers[n++]?.() ?? {} });
    client.start();
    await log.next('open');
    const errors = log.of('error').map(({ errorInfo }) => errorInfo);
    expect(errors.map(({ code, retries }) => [code, retries])).toEqual([1, 2, 3, 4].map((i) => ['providerFailed', i]));
    expect(errors[0]?.reason).toBe('The function given as extraHeaders failed: no token');
    expect(errors[0]?.cause.cause).toEqual(new Error('no token'));
  });

  test('may return a better url after one that cannot be used', async () => {
    const { url } = await startEchoServer();
    let n = 0;
    const { client, log } = createClient({ ...fast, url: () => (n++ === 0 ? 'http://' : url) });
    client.start();
    await log.next('open');
    expect(log.of('error').map(({ errorInfo }) => errorInfo.code)).toEqual(['invalidUrl']);
  });

  test('have as long as an attempt, and are told when it is over', async () => {
    const signals: AbortSignal[] = [];
    const { client } = createClient({
      url: ({ signal }) => {
        signals.push(signal);
        return new Promise<string>(() => undefined);
      },
    });
    const result = await client.connect(0.05);
    expect(result.success || result.errorInfo.code).toBe('providerFailed');
    expect(signals[0]?.aborted).toBe(true);
  });

  test('keep nobody from stopping', async () => {
    const signals: AbortSignal[] = [];
    const { client, log } = createClient({
      url: ({ signal }) => {
        signals.push(signal);
        return new Promise<string>(() => undefined);
      },
    });
    client.start();
    await turns(2);
    await client.stop();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(log.all).toEqual([]);
  });

  test('can be set later, and be replaced by values', async () => {
    const { url } = await startEchoServer();
    const { client, log } = createClient({});
    client.setUrl(() => url);
    client.setExtraHeaders(() => ({ A: 'b' }));
    client.start();
    await log.next('open');
    client.setUrl('ws://other/');
    expect(client.getUrl()).toBe('ws://other/');
  });
});

test('a subprotocol cannot be added to those of a function', () => {
  expect(() => new WebSocket({ subprotocols: () => ['a'] }).addSubprotocol('b')).toThrow('subprotocol');
});
