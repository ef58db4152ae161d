import { expect, onTestFinished, test } from 'vitest';
import type { ServerWebSocket, WebSocketCloseInfo } from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { openRaw, type RawPeer } from '../support/raw-peer.ts';
import { connectClient, startEchoServer } from '../support/running.ts';

const MIB = 1024 * 1024;

test.each([
  ['fail', 'many messages', 64 * 1024],
  ['fail', 'one message each', 4 * MIB],
  ['drop-oldest', 'many messages', 64 * 1024],
] as const)(
  'clients that never read hold maxTotalBufferedBytes at the most (%s, %s)',
  async (slowConsumer, _n, size) => {
    const limit = 16 * MIB;
    const closes: WebSocketCloseInfo[] = [];
    const { server, port, url } = await startEchoServer({
      maxTotalBufferedBytes: limit,
      maxBufferedBytes: 4 * MIB,
      slowConsumer,
    });
    const honest = await connectClient(url);
    const [honestSide] = server.getClients();
    const peers: RawPeer[] = [];
    for (let i = 0; i < 30; i++) {
      const peer = await openRaw(port);
      peer.socket.pause();
      peers.push(peer);
    }
    onTestFinished(() => {
      for (const peer of peers) peer.socket.destroy();
    });
    const attackers = [...server.getClients()].filter((client) => client !== honestSide);
    for (const client of attackers) client.on('close', ({ closeInfo }) => closes.push(closeInfo));
    const payload = Buffer.alloc(size, 1);
    // Beyond what the system takes, which is some MiB.
    const rounds = Math.ceil((12 * MIB) / size);
    const held = (): number => sum(attackers.filter((client) => client.getReadyState() === 'open'));
    for (let round = 0; round < rounds; round++) {
      for (const client of attackers) client.send(payload);
      expect(held()).toBeLessThanOrEqual(limit + 30 * 64 * 1024);
    }
    await eventually('some to be ended', () => closes.length > 0);
    expect(closes[0]).toMatchObject({ code: 1013, reason: 'Too much waits to be sent', remote: false });
    expect(server.metrics().connections.overflows).toBe(closes.length);
    expect(closes.length).toBeLessThan(30);
    honest.client.send('still served');
    expect((await honest.log.next('message')).data).toBe('still served');
    for (const peer of peers) peer.socket.destroy();
    await eventually('all to be gone', () => server.getClients().size === 1);
    // Nothing is left in the account: as much may wait again.
    honestSide?.send(Buffer.alloc(3 * MIB));
    await honest.log.atLeast('message', 2);
  },
);

function sum(clients: readonly ServerWebSocket[]): number {
  return clients.reduce((bytes, client) => bytes + client.bufferedAmount(), 0);
}
