import { expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from '../../src/index.ts';
import { eventually, turns } from '../support/eventually.ts';
import { connectRaw, openRaw, type RawPeer, upgradeRequest } from '../support/raw-peer.ts';
import { connectClient, startEchoServer, startServer } from '../support/running.ts';

test('the oldest that sent nothing is dropped first, and a real client gets in', async () => {
  const { server, port, url } = await startServer({ maxPendingConnections: 4 });
  const talking = await connectRaw(port, { send: 'GET / HTTP/1.1\r\n' });
  const silent: RawPeer[] = [];
  for (let i = 0; i < 3; i++) silent.push(await connectRaw(port));
  await turns(10);
  await connectClient(url);
  await silent[0]?.ended();
  expect(silent.slice(1).map((peer) => peer.hasEnded)).toEqual([false, false]);
  expect(talking.hasEnded).toBe(false);
  talking.write(upgradeRequest().replace(/^.*\r\n/, ''));
  expect(await talking.head()).toContain(' 101 ');
  expect(server.getClients().size).toBe(2);
});

test('when all have begun to talk, the oldest of them is dropped', async () => {
  const { port, url } = await startServer({ maxPendingConnections: 3 });
  const talking: RawPeer[] = [];
  for (let i = 0; i < 3; i++) {
    talking.push(await connectRaw(port, { send: 'GET / HT' }));
    await turns(5);
  }
  await connectClient(url);
  await talking[0]?.ended();
  expect(talking.slice(1).map((peer) => peer.hasEnded)).toEqual([false, false]);
});

test('wave after wave of silent peers keeps no client out, and open ones are not touched', async () => {
  const { server, port, url } = await startEchoServer({ maxPendingConnections: 10 });
  const steady = await connectClient(url);
  const open = await openRaw(port);
  for (let wave = 0; wave < 5; wave++) {
    const silent = await Promise.all(Array.from({ length: 30 }, () => connectRaw(port)));
    const { client, log } = await connectClient(url);
    client.send(`wave ${wave}`);
    expect((await log.next('message')).data).toBe(`wave ${wave}`);
    steady.client.send('still here');
    await steady.log.next('message');
    await client.stop();
    for (const peer of silent) peer.socket.destroy();
  }
  expect(open.hasEnded).toBe(false);
  await eventually('all others to be gone', () => server.getClients().size === 2);
});

test('refused peers that do not hang up count as pending, and make room for others', async () => {
  const { port, url } = await startServer({ maxPendingConnections: 3 });
  for (let i = 0; i < 10; i++) {
    const peer = await connectRaw(port, { send: 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' });
    await peer.ended();
  }
  await connectClient(url);
});

test('before start() no more wait than may be pending', async () => {
  const server = new WebSocketServer({ port: 0, maxPendingConnections: 2 });
  onTestFinished(() => server.stop());
  await server.listen();
  const peers: RawPeer[] = [];
  for (let i = 0; i < 4; i++) peers.push(await connectRaw(server.getPort()));
  await Promise.all(peers.slice(2).map((peer) => peer.ended()));
  expect(peers.slice(0, 2).map((peer) => peer.hasEnded)).toEqual([false, false]);
  server.start();
  peers[0]?.write(upgradeRequest());
  expect(await peers[0]?.head()).toContain(' 101 ');
});
