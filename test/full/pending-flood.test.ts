import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { usedBytes } from '../support/collect-garbage.ts';
import { eventually } from '../support/eventually.ts';
import { patient } from '../support/patience.ts';
import { connectClient, startEchoServer } from '../support/running.ts';

test('5 000 silent sockets do not starve a real client, and are not kept', async () => {
  const { server, port, url } = await startEchoServer({ maxPendingConnections: 4096 });
  const early = await connectClient(url);
  const before = usedBytes();
  const sockets: net.Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  let gone = 0;
  for (let i = 0; i < 5000; i++) {
    const socket = net.connect({ port, host: '127.0.0.1' });
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => gone++);
    if (i % 100 === 99) await new Promise((resolve) => socket.once('connect', resolve));
  }
  for (let i = 0; i < 10; i++) {
    const start = performance.now();
    const { client, log } = await connectClient(url);
    client.send('served');
    expect((await log.next('message')).data).toBe('served');
    expect(performance.now() - start).toBeLessThan(patient(2000));
    await client.stop();
  }
  early.client.send('still here');
  expect((await early.log.next('message')).data).toBe('still here');
  await eventually('the surplus to be dropped', () => gone >= 5000 - 4096, 10_000);
  // Both ends live in this process.
  expect(usedBytes() - before).toBeLessThan(5000 * 12_000);
  await server.stop();
  await eventually('all to be gone', () => gone === 5000, 20_000);
});
