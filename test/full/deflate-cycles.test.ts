import { once } from 'node:events';
import net from 'node:net';
import { expect, test } from 'vitest';
import { type SocketServerOptions, WebSocket, type WebSocketOptions, WebSocketServer } from '../../src/index.ts';
import { compressed } from '../support/bomb.ts';
import { usedBytes } from '../support/collect-garbage.ts';
import { EngineCount } from '../support/engine-count.ts';
import { eventually, turns } from '../support/eventually.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { patient } from '../support/patience.ts';
import { upgradeRequest } from '../support/raw-peer.ts';
import { activeResources, noSocketsBut } from '../support/resources.ts';
import { authority, identity, trusting } from '../support/secure.ts';

const CYCLES = 10_000;
const TLS_CYCLES = 2000;
const AT_A_TIME = 20;
const MIB = 1024 * 1024;
/** Of each cycle; an engine that stays is a hundred thousand at the least. */
const MOST_LEFT_BYTES = 150;
const TIMEOUT_MS = patient(300_000);

const takeover = { clientNoContextTakeover: false, serverNoContextTakeover: false, threshold: 0 };
const noTakeover = { clientNoContextTakeover: true, serverNoContextTakeover: true, threshold: 0 };

/** What JavaScript holds, and what zlib and OpenSSL hold outside of it. */
function memoryInUse(): number {
  return usedBytes() + process.memoryUsage().external;
}

function listenersOfProcess(): number {
  return process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
}

interface Setup {
  readonly count: number;
  readonly server: SocketServerOptions;
  readonly cycle: (port: number, number: number) => Promise<void>;
}

/** Runs the cycle a fifth as often, and then as often as told; nothing may be left of the second time. */
async function expectNothingLeft({ count, server: options, cycle }: Setup): Promise<EngineCount> {
  const resources = activeResources();
  const engines = new EngineCount();
  const server = new WebSocketServer({ port: 0, closeTimeoutSecs: 1, ...options });
  server.setOnClientMessageCallback((_state, webSocket, message) => {
    if (message.type === 'message') webSocket.send(message.data, message.binary);
  });
  const result = await server.listenAndStart();
  if (!result.ok) throw result.error;
  const port = server.getPort();
  const run = async (cycles: number): Promise<void> => {
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < cycles) await cycle(port, next++);
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, lane));
    await eventually('all to be gone', () => server.getClients().size === 0, 10_000);
    await turns(5);
  };

  await run(Math.max(500, count / 5));
  const listeners = listenersOfProcess();
  const before = memoryInUse();
  const { rss } = process.memoryUsage();
  await eventually('the engines of the warm-up to be collected', () => usedBytes() > 0 && engines.alive < 20);
  const alive = engines.alive;

  await run(count);
  await noSocketsBut({ ...resources, TCPServerWrap: (resources.TCPServerWrap ?? 0) + 1 });
  expect(listenersOfProcess()).toBe(listeners);
  await eventually('the engines to be collected', () => usedBytes() > 0 && engines.alive <= alive);
  expect(memoryInUse() - before).toBeLessThan(count * MOST_LEFT_BYTES + MIB);
  expect(process.memoryUsage().rss - rss).toBeLessThan(100 * MIB);
  await server.stop();
  await noSocketsBut(resources);
  return engines;
}

const texts = ['short', JSON.stringify({ some: 'thing', that: 'shrinks' }).repeat(20)];

/** Connects, has three messages echoed, and leaves: in order, or by hanging up at once. */
async function exchange(options: WebSocketOptions, number: number): Promise<void> {
  const webSocket = new WebSocket({ closeTimeoutSecs: 1, ...options });
  const result = await webSocket.connect();
  if (!result.success) throw result.errorInfo.cause;
  for (const text of [...texts, `cycle ${number}`]) {
    const answer = new Promise<unknown>((resolve) => {
      const onMessage = ({ data }: { readonly data: unknown }): void => {
        webSocket.off('message', onMessage);
        resolve(data);
      };
      webSocket.on('message', onMessage);
    });
    webSocket.send(text);
    expect(await answer).toBe(text);
  }
  if (number % 10 === 9) webSocket.terminate();
  await webSocket.stop();
}

test(
  `${CYCLES} connections with context takeover leave nothing behind, their four engines each neither`,
  async () => {
    const engines = await expectNothingLeft({
      count: CYCLES,
      server: { perMessageDeflate: takeover },
      cycle: (port, number) => exchange({ url: `ws://127.0.0.1:${port}/`, perMessageDeflate: takeover }, number),
    });
    expect(engines.made).toBeGreaterThanOrEqual(4 * CYCLES);
  },
  TIMEOUT_MS,
);

test(
  `${CYCLES} connections without context takeover leave nothing behind, and share a few engines`,
  async () => {
    const engines = await expectNothingLeft({
      count: CYCLES,
      server: { perMessageDeflate: noTakeover },
      cycle: (port, number) => exchange({ url: `ws://127.0.0.1:${port}/`, perMessageDeflate: noTakeover }, number),
    });
    expect(engines.made).toBeLessThan(20);
  },
  TIMEOUT_MS,
);

test(
  `${CYCLES} peers that leave in the middle of a compressed message leave nothing behind`,
  async () => {
    const whole = frame({ opcode: 1, rsv: 4, payload: compressed('whole'), mask: RFC_MASK });
    const endings = [
      frame({ opcode: 1, rsv: 4, fin: false, payload: compressed('not whole'), mask: RFC_MASK }),
      frame({ opcode: 2, rsv: 4, payload: compressed(Buffer.alloc(5000)), mask: RFC_MASK }).subarray(0, -2),
      frame({ opcode: 1, rsv: 4, payload: Buffer.alloc(20, 0xff), mask: RFC_MASK }),
      frame({ opcode: 1, rsv: 4, payload: compressed(Buffer.alloc(100_000)), mask: RFC_MASK }),
    ];
    await expectNothingLeft({
      count: CYCLES,
      server: { perMessageDeflate: takeover, maxMessageSize: 50_000 },
      cycle: async (port, number) => {
        const socket = net.connect({ port, host: '127.0.0.1' });
        socket.on('error', () => undefined);
        const fields = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' };
        socket.write(Buffer.concat([Buffer.from(upgradeRequest(fields)), whole, endings[number % 4] ?? whole]));
        await once(socket, 'data');
        const closed = once(socket, 'close');
        if (number % 3 === 0) socket.resetAndDestroy();
        else if (number % 3 === 1) socket.end();
        else socket.destroy();
        socket.resume();
        await closed;
      },
    });
  },
  TIMEOUT_MS,
);

test.each([
  ['with context takeover', takeover],
  ['without context takeover', noTakeover],
])(
  `${TLS_CYCLES} connections over TLS with client certificates, %s, leave nothing behind`,
  async (_name, deflate) => {
    const client = authority.issue({ names: [], commonName: 'client' });
    await expectNothingLeft({
      count: TLS_CYCLES,
      server: { perMessageDeflate: deflate, tlsOptions: { tls: true, ...trusting, ...identity } },
      cycle: (port, number) => {
        const options = { perMessageDeflate: deflate, tlsOptions: { ...trusting, ...client } };
        return exchange({ url: `wss://localhost:${port}/`, ...options }, number);
      },
    });
  },
  TIMEOUT_MS,
);
