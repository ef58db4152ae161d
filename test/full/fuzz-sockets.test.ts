import { once } from 'node:events';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from '../../src/index.ts';
import type { PerMessageDeflateAgreement } from '../../src/protocol/websocket/deflate/per-message-deflate-negotiation.ts';
import { Bystander } from '../support/bystander.ts';
import { usedBytes } from '../support/collect-garbage.ts';
import { withoutTakeover, withTakeover } from '../support/deflate-pair.ts';
import { eventually } from '../support/eventually.ts';
import { patient } from '../support/patience.ts';
import { Random } from '../support/random.ts';
import { upgradeRequest } from '../support/raw-peer.ts';
import { switchingProtocols } from '../support/raw-server.ts';
import { mutate, recordSession } from '../support/recorded-session.ts';
import { startEchoServer } from '../support/running.ts';

/* Recorded sessions with deflate and fragments, changed, over sockets; `attack.test.ts` has those without. */

const SEED = 20_251_122;
const AGAINST_SERVERS = 24_000;
const AGAINST_CLIENTS = 16_000;
const AT_A_TIME = 40;
const RECORDED = 200;
const MIB = 1024 * 1024;
const LONGEST_MS = patient(8000);

const kinds: readonly (readonly [name: string, agreement: PerMessageDeflateAgreement, extensions: string])[] = [
  ['with takeover', withTakeover, 'permessage-deflate'],
  ['without takeover', withoutTakeover, 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'],
];

/** What must not happen anywhere in the process. */
function watchForUncaught(): unknown[] {
  const uncaught: unknown[] = [];
  const onUncaught = (error: unknown): void => void uncaught.push(error);
  process.on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);
  onTestFinished(() => {
    process.off('uncaughtException', onUncaught);
    process.off('unhandledRejection', onUncaught);
  });
  return uncaught;
}

/** Runs the cases in lanes; one that does not end in time fails with its number. */
async function inLanes(from: number, to: number, what: string, run: (number: number) => Promise<void>): Promise<void> {
  let next = from;
  const lane = async (): Promise<void> => {
    while (next < to) {
      const number = next++;
      const timer = new AbortController();
      const tooLong = new Promise<never>((_resolve, reject) => {
        const id = setTimeout(() => reject(new Error('it does not end')), LONGEST_MS);
        timer.signal.addEventListener('abort', () => clearTimeout(id));
      });
      await Promise.race([run(number), tooLong])
        .catch((error: unknown) => {
          throw new Error(`${what} with seed ${SEED}: case ${number}`, { cause: error });
        })
        .finally(() => timer.abort());
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, lane));
}

/** Writes in random pieces and leaves in a random way. */
async function send(socket: net.Socket, bytes: Buffer, random: Random): Promise<void> {
  for (let at = 0; at < bytes.length && !socket.destroyed; ) {
    const end = at + 1 + random.below(random.pick([20, 300, 5000]));
    socket.write(bytes.subarray(at, end));
    at = end;
    if (random.once(3)) await new Promise((resolve) => setImmediate(resolve));
  }
  if (random.once(3)) socket.resetAndDestroy();
  else if (random.once(2)) socket.end();
  else {
    socket.end();
    setTimeout(() => socket.destroy(), random.below(10));
  }
}

test.each(kinds)('sessions %s, changed, harm no server and nobody else at it', async (name, agreement, extensions) => {
  const uncaught = watchForUncaught();
  const callbackErrors: unknown[] = [];
  const { server, port, url } = await startEchoServer({
    perMessageDeflate: { clientNoContextTakeover: false, serverNoContextTakeover: false, threshold: 0 },
    maxMessageSize: 100_000,
    closeTimeoutSecs: 0.3,
    onCallbackError: (error) => void callbackErrors.push(error),
  });
  const bystander = await Bystander.join(url);
  const recorder = new Random(SEED);
  const sessions = Array.from({ length: RECORDED }, () => recordSession('client', agreement, recorder));
  const head = Buffer.from(upgradeRequest({ 'Sec-WebSocket-Extensions': extensions }), 'latin1');
  const count = AGAINST_SERVERS / kinds.length;
  let closeFrames = 0;
  const run = async (number: number): Promise<void> => {
    const random = new Random(SEED + number);
    const bytes = mutate(random.pick(sessions), sessions, random);
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: random.once(2), noDelay: true });
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    // What is written before would be dropped by leaving at once.
    await once(socket, 'connect');
    socket.on('data', (chunk: Buffer) => {
      if (chunk.includes(0x88)) closeFrames++;
    });
    const sent = send(socket, Buffer.concat([head, bytes]), random);
    if (random.once(8)) socket.pause();
    await sent;
    const giveUp = setTimeout(() => socket.destroy(), 200);
    await closed;
    clearTimeout(giveUp);
  };
  const what = `fuzzing a server ${name}`;
  await inLanes(0, count / 5, what, run);
  await eventually('the first to be gone', () => server.getClients().size === 1, 10_000);
  const before = usedBytes() + process.memoryUsage().external;
  await inLanes(count / 5, count, what, run);
  await eventually('all to be gone', () => server.getClients().size === 1, 10_000);
  await bystander.stillServed();
  expect(uncaught).toEqual([]);
  expect(callbackErrors).toEqual([]);
  expect(closeFrames).toBeGreaterThan(count / 20);
  expect(usedBytes() + process.memoryUsage().external - before).toBeLessThan(3 * MIB);
});

test.each(kinds)('sessions %s, changed, harm no client', async (name, agreement, extensions) => {
  const uncaught = watchForUncaught();
  const recorder = new Random(SEED);
  const sessions = Array.from({ length: RECORDED }, () => recordSession('server', agreement, recorder));
  let next = 0;
  const listener = net.createServer({ noDelay: true }, (socket) => {
    const random = new Random(SEED + next++);
    socket.on('error', () => undefined);
    socket.once('data', (request: Buffer) => {
      const head = switchingProtocols(request.toString('latin1'), { 'Sec-WebSocket-Extensions': extensions });
      const bytes = mutate(random.pick(sessions), sessions, random);
      void send(socket, Buffer.concat([Buffer.from(head, 'latin1'), bytes]), random);
      socket.resume();
    });
  });
  onTestFinished(() => void listener.close());
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as net.AddressInfo;
  const codes = new Map<number, number>();
  const count = AGAINST_CLIENTS / kinds.length;
  const callbackErrors: unknown[] = [];
  const run = async (): Promise<void> => {
    const client = new WebSocket({
      url: `ws://127.0.0.1:${port}/`,
      closeTimeoutSecs: 0.3,
      maxMessageSize: 100_000,
      perMessageDeflate: { threshold: 0 },
      onCallbackError: (error) => void callbackErrors.push(error),
    });
    client.on('message', ({ data, binary }) => client.send(data, binary));
    const closed = new Promise<number>((resolve) => {
      client.on('close', ({ closeInfo }) => resolve(closeInfo.code));
    });
    const result = await client.connect();
    if (!result.success) {
      // Its server may have reset the connection with the response still on its way.
      expect(result.errorInfo.code).toBe('connectionLost');
      return;
    }
    const code = await closed;
    codes.set(code, (codes.get(code) ?? 0) + 1);
    await client.stop();
  };
  const what = `fuzzing a client ${name}`;
  await inLanes(0, count / 5, what, run);
  const before = usedBytes() + process.memoryUsage().external;
  await inLanes(count / 5, count, what, run);
  expect(uncaught).toEqual([]);
  expect(callbackErrors).toEqual([]);
  for (const code of [1002, 1006, 1007]) expect(codes.get(code), `ends with ${code}`).toBeGreaterThan(count / 50);
  expect(usedBytes() + process.memoryUsage().external - before).toBeLessThan(3 * MIB);
});
