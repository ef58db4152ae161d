import { once } from 'node:events';
import net from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually, turns } from '../support/eventually.ts';
import { type FrameFields, frame, RFC_MASK } from '../support/frames.ts';
import { RawPeer, upgradeRequest } from '../support/raw-peer.ts';
import { answerUpgrade } from '../support/raw-server.ts';
import { createClient, type RunningServer, startServer } from '../support/running.ts';
import { identity, trusting } from '../support/secure.ts';

const ROUNDS = 20;
const PINGS = 8;

interface Line {
  readonly raw: RawPeer;
  frame(fields: FrameFields): Buffer;
}

/** A peer of a server of ours. */
async function toServer(isSecure: boolean): Promise<Line & { readonly server: RunningServer['server'] }> {
  const { port, server } = await startServer(isSecure ? { tlsOptions: { tls: true, ...identity } } : {});
  const socket = isSecure ? tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }) : net.connect(port);
  onTestFinished(() => void socket.destroy());
  await once(socket, isSecure ? 'secureConnect' : 'connect');
  socket.setNoDelay(true);
  const raw = new RawPeer(socket);
  raw.write(upgradeRequest());
  await raw.head();
  return { server, raw, frame: (fields) => frame({ ...fields, mask: RFC_MASK }) };
}

/** A peer of a client of ours. */
async function toClient(isSecure: boolean): Promise<Line> {
  const cert = { cert: identity.certFile, key: identity.keyFile };
  const server = isSecure ? tls.createServer(cert) : net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address() as net.AddressInfo;
  const accepted = once(server, isSecure ? 'secureConnection' : 'connection');
  const { client } = createClient({
    url: `${isSecure ? 'wss' : 'ws'}://localhost:${address.port}/`,
    tlsOptions: trusting,
  });
  const connected = client.connect();
  const [socket] = (await accepted) as [net.Socket];
  onTestFinished(() => void socket.destroy());
  socket.setNoDelay(true);
  const raw = new RawPeer(socket);
  answerUpgrade(raw, await raw.head());
  expect((await connected).success).toBe(true);
  return { raw, frame };
}

/** The payloads of the pongs that the peer got. */
const pongsOf = (raw: RawPeer): string[] =>
  raw
    .framesSoFar()
    .filter(({ first }) => first === 0x8a)
    .map(({ payload }) => payload.toString());

describe.each([
  ['a server', 'TCP', () => toServer(false)],
  ['a server', 'TLS', () => toServer(true)],
  ['a client', 'TCP', () => toClient(false)],
  ['a client', 'TLS', () => toClient(true)],
] as const)('%s, over %s, to a peer that reads,', (_role, _transport, open) => {
  test.each([
    ['of separate reads', async () => nextTurn()],
    ['of one read', async () => undefined],
  ])('answers each of the pings %s, in order', async (_what, between) => {
    const line = await open();
    const sent: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (let i = 0; i < PINGS; i++) {
        sent.push(`${round} ${i}`);
        line.raw.write(line.frame({ opcode: 9, payload: `${round} ${i}` }));
        await between();
      }
      await line.raw.until('a pong for each ping', () => pongsOf(line.raw).length >= sent.length);
    }
    expect(pongsOf(line.raw)).toEqual(sent);
  });
});

test.each([
  ['TCP', false],
  ['TLS', true],
])(
  'a server, over %s, to a peer that does not read, answers only the latest ping, once it does',
  async (_name, isSecure) => {
    const line = await toServer(isSecure);
    const [webSocket] = line.server.getClients();
    let seen = 0;
    webSocket?.on('ping', () => seen++);
    line.raw.socket.pause();
    const filler = Buffer.alloc(1_000_000);
    for (let i = 0; i < 12; i++) webSocket?.send(filler);
    await turns(20);
    for (let i = 0; i < 50; i++) line.raw.write(line.frame({ opcode: 9, payload: `${i}` }));
    await eventually('the pings', () => seen === 50);
    line.raw.socket.resume();
    const fillers = 12 * (10 + filler.length);
    await line.raw.until('a pong', () => line.raw.bodyLength >= fillers + 4);
    line.raw.write(line.frame({ opcode: 9, payload: 'last' }));
    await line.raw.until('another pong', () => line.raw.bodyLength >= fillers + 4 + 6);
    expect(pongsOf(line.raw)).toEqual(['49', 'last']);
  },
);
