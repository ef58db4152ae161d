import { expect } from 'vitest';
import { turns } from './eventually.ts';
import { type Fault, startFaultyRelay } from './faulty-relay.ts';
import { createClient, startServer } from './running.ts';

export const faults: readonly Fault[] = ['cut', 'reset', 'stall', 'garbage', 'halfClose', 'refuse'];

/** Numbers below `below`, the same at each run. */
export function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/**
 * A client whose first `count` connections all meet a fault. It has to come back each time, with every message of a
 * connection in order and none twice, and to be silent once it is stopped.
 */
export async function surviveFaults(count: number, seed: number): Promise<void> {
  const random = chance(seed);
  const { port } = await startServer({}, (server) => {
    server.setOnClientMessageCallback((_state, webSocket, message) => {
      if (message.type !== 'open') return;
      for (let i = 0; i < 40; i++) webSocket.send(`${i}`.padEnd(20));
    });
  });
  let connections = 0;
  const relay = await startFaultyRelay(port, () => {
    const fault = connections++ < count ? (faults[random(faults.length)] ?? 'none') : 'none';
    return { fault, afterBytes: 1 + random(1000) };
  });
  const { client, log } = createClient({
    url: relay.url,
    maxWaitBetweenReconnectionRetries: 5,
    handshakeTimeoutSecs: 0.3,
    pingIntervalSecs: 0.1,
    closeTimeoutSecs: 0.1,
  });
  let next = 0;
  const disorder: string[] = [];
  client.on('open', () => {
    next = 0;
  });
  const done = new Promise<void>((resolve) => {
    client.on('message', ({ data }) => {
      if (Number(data) !== next++) disorder.push(String(data));
      if (next !== 40 || connections <= count) return;
      resolve();
    });
  });
  client.start();
  await done;
  expect(disorder).toEqual([]);
  expect(log.of('open').length - log.of('close').length).toBe(1);
  await client.stop();
  const seen = log.all.length;
  await turns(20);
  expect(log.all).toHaveLength(seen);
  expect(client.getReadyState()).toBe('closed');
  // The relay hears of an end a little later than the client that begins anew.
  expect(relay.open.most).toBeLessThanOrEqual(3);
}
