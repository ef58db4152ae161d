import { describe, expect, test, vi } from 'vitest';
import { ConnectionState, type SocketServerOptions, UsageError } from '../../src/index.ts';
import { Deferred } from '../../src/util/deferred.ts';
import { eventually, turns } from '../support/eventually.ts';
import { startHttpServer } from '../support/http-running.ts';
import { connectRaw, upgradeRequest } from '../support/raw-peer.ts';
import { startServer } from '../support/running.ts';

async function ask(options: SocketServerOptions, fields: Record<string, string> = {}) {
  const errors: unknown[] = [];
  const running = await startServer({ onCallbackError: (error) => void errors.push(error), ...options });
  const peer = await connectRaw(running.port, { send: upgradeRequest(fields) });
  return { ...running, peer, errors };
}

const statusOf = (head: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
const evil = { Origin: 'http://evil.com' };
const offering = { 'Sec-WebSocket-Protocol': 'a, b' };

describe('a function as allowedOrigins', () => {
  test.each([
    ['at once', (value: boolean) => value],
    ['later', (value: boolean) => Promise.resolve(value)],
  ])('decides alone, also without an origin, when it answers %s', async (_name, answer) => {
    const allowedOrigins = vi.fn((origin: string | undefined) => answer(origin === 'http://evil.com'));
    const lets = await ask({ allowedOrigins }, evil);
    expect(statusOf(await lets.peer.head())).toBe(101);
    expect(allowedOrigins).toHaveBeenCalledExactlyOnceWith('http://evil.com', expect.objectContaining({ target: '/' }));
    const refuses = await ask({ allowedOrigins });
    expect(statusOf(await refuses.peer.head())).toBe(403);
    expect(refuses.server.metrics().handshakes.refused).toEqual({ originNotAllowed: 1 });
  });

  test.each<[string, unknown]>([
    ['a promise of no boolean', Promise.resolve('yes')],
    ['a string', 'no'],
    ['one', 1],
    ['undefined', undefined],
  ])('that returns %s lets nobody in', async (_name, result) => {
    const { peer } = await ask({ allowedOrigins: (() => result) as () => boolean }, evil);
    expect(statusOf(await peer.head())).toBe(403);
  });

  test.each<[string, () => boolean | Promise<boolean>]>([
    ['throws', () => fail()],
    ['rejects', async () => fail()],
  ])('that %s refuses with 500, and is reported once', async (_name, allowedOrigins) => {
    const { peer, errors } = await ask({ allowedOrigins }, evil);
    expect(statusOf(await peer.head())).toBe(500);
    expect(errors).toEqual([new Error('mine')]);
  });

  test('that never answers refuses with 503, and nothing is asked after it', async () => {
    const onUpgrade = vi.fn(() => true);
    const { peer } = await ask({
      allowedOrigins: () => new Promise(() => undefined),
      upgradeTimeoutSecs: 0.1,
      onUpgrade,
    });
    expect(statusOf(await peer.head())).toBe(503);
    expect(onUpgrade).not.toHaveBeenCalled();
  });

  test('that answers when the client has left asks nobody else', async () => {
    const answer = new Deferred<boolean>();
    const onUpgrade = vi.fn(() => true);
    const { peer, server, errors } = await ask({ allowedOrigins: () => answer.promise, onUpgrade });
    await eventually('the question', () => server.metrics().handshakes.pending === 1);
    peer.socket.destroy();
    await eventually('the end', () => server.metrics().handshakes.pending === 0);
    answer.resolve(true);
    await turns(5);
    expect(onUpgrade).not.toHaveBeenCalled();
    expect(errors).toEqual([]);
  });
});

describe('a function as subprotocols', () => {
  test.each([
    ['at once', (value: string | undefined) => value],
    ['later', (value: string | undefined) => Promise.resolve(value)],
  ])('sees the offer and the head, and may choose none, %s', async (_name, answer) => {
    const chooser = vi.fn((offered: readonly string[]) => answer(offered.at(-1)));
    const chosen = await ask({ subprotocols: chooser }, offering);
    expect(await chosen.peer.head()).toContain('Sec-WebSocket-Protocol: b\r\n');
    expect(chooser).toHaveBeenCalledExactlyOnceWith(['a', 'b'], expect.objectContaining({ target: '/' }));
    const none = await ask({ subprotocols: () => answer(undefined) }, offering);
    expect(await none.peer.head()).not.toContain('Sec-WebSocket-Protocol');
    await (await ask({ subprotocols: chooser })).peer.head();
    expect(chooser, 'is not asked without an offer').toHaveBeenCalledOnce();
  });

  test.each(['c', 'A', 'a, b', 'a\r\nX: y'])(
    'that picks %j, which was not offered, refuses with 500',
    async (choice) => {
      for (const subprotocols of [() => choice, async () => choice]) {
        const { peer, errors } = await ask({ subprotocols }, offering);
        expect(statusOf(await peer.head())).toBe(500);
        expect(errors).toEqual([expect.any(UsageError)]);
      }
    },
  );

  test('does not overrule onUpgrade, and is not asked for an origin that may not come', async () => {
    const subprotocols = vi.fn(() => 'a');
    const overruled = await ask({ subprotocols, onUpgrade: async () => ({ protocol: 'b' }) }, offering);
    expect(await overruled.peer.head()).toContain('Sec-WebSocket-Protocol: b\r\n');
    await (await ask({ subprotocols, allowedOrigins: () => false }, offering)).peer.head();
    expect(subprotocols).toHaveBeenCalledOnce();
  });
});

describe('a promise where an answer is needed at once is refused by name, and its rejection reaches nobody', () => {
  test('connectionStateFactory', async () => {
    const factory = async (): Promise<ConnectionState> => fail();
    const { peer, errors } = await ask({ connectionStateFactory: factory as unknown as () => ConnectionState });
    expect(statusOf(await peer.head())).toBe(500);
    expect(errors.map(String)).toEqual([expect.stringContaining('connectionStateFactory: must answer at once')]);
  });

  test('computeId of a connection state', async () => {
    class Late extends ConnectionState {
      protected override computeId(): string {
        return Promise.reject(new Error('mine')) as unknown as string;
      }
    }
    const { peer, errors } = await ask({ connectionStateFactory: () => new Late() });
    expect(statusOf(await peer.head())).toBe(500);
    expect(errors.map(String)).toEqual([expect.stringContaining('computeId: must answer at once')]);
  });

  test('filter of a broadcast', async () => {
    const { server, peer } = await ask({});
    await peer.head();
    const filter = (async () => fail()) as unknown as () => boolean;
    expect(() => server.broadcast('x', { filter })).toThrow('filter: must answer at once');
    await expect(server.broadcastWhenReady('x', { filter })).rejects.toThrow('filter: must answer at once');
  });

  test('streamRequests', async () => {
    const streamRequests = (async () => fail()) as unknown as () => boolean;
    const { url, errors } = await startHttpServer(undefined, { streamRequests });
    expect((await fetch(url, { method: 'POST', body: 'body' })).status).toBe(500);
    expect(errors.map(String)).toEqual([expect.stringContaining('streamRequests: must answer at once')]);
  });

  test('print of a debug server', async () => {
    const print = (async () => fail()) as unknown as () => void;
    const { url, errors } = await startHttpServer(undefined, {}, (server) => server.makeDebugServer(print));
    expect((await fetch(url, { method: 'POST', body: 'body' })).status).toBe(500);
    expect(errors.map(String)).toEqual([expect.stringContaining('print: must answer at once')]);
  });
});

function fail(): never {
  throw new Error('mine');
}
