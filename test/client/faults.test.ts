import { expect, test } from 'vitest';
import { turns } from '../support/eventually.ts';
import { startFaultyRelay } from '../support/faulty-relay.ts';
import { patient } from '../support/patience.ts';
import { createClient, startServer } from '../support/running.ts';
import { chance, faults, surviveFaults } from '../support/survive-faults.ts';

test('whatever happens to a connection, the client comes back, with every message in order and none twice', {
  timeout: patient(60_000),
}, async () => {
  await surviveFaults(100, 42);
});

test('a client that is stopped at any moment says nothing more, and has no connection', {
  timeout: patient(60_000),
}, async () => {
  const random = chance(7);
  const { server, port } = await startServer({}, (made) => {
    made.setOnClientMessageCallback((_state, webSocket, message) => {
      if (message.type === 'open') webSocket.send('hello');
    });
  });
  const relay = await startFaultyRelay(port, () => ({
    fault: faults[random(faults.length)] ?? 'none',
    afterBytes: 1 + random(300),
  }));
  const { client, log } = createClient({
    url: relay.url,
    maxWaitBetweenReconnectionRetries: 3,
    closeTimeoutSecs: 0.1,
    handshakeTimeoutSecs: 0.2,
  });
  for (let i = 0; i < 100; i++) {
    client.start();
    const patience = random(12);
    if (patience > 8) await Promise.race([log.next('open'), log.next('error')]);
    else await turns(patience);
    await client.stop();
    expect(client.getReadyState()).toBe('closed');
    const seen = log.all.length;
    await turns(2);
    expect(log.all).toHaveLength(seen);
  }
  await expect.poll(() => server.getClients().size).toBe(0);
});
