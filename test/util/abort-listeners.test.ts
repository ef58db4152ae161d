import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { listenToAbort } from '../../src/util/abort-listeners.ts';
import { createHttpClient, httpUrl, listenAnswering, response } from '../support/http-server.ts';
import { listenRaw } from '../support/raw-server.ts';
import { createClient } from '../support/running.ts';

/** The warnings that Node has given since. */
function recordWarnings(): Error[] {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  onTestFinished(() => void process.off('warning', onWarning));
  return warnings;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('any number may listen to one signal, and each is told once', async () => {
  const warnings = recordWarnings();
  const ender = new AbortController();
  const told: number[] = [];
  const releases = Array.from({ length: 50 }, (_, i) => listenToAbort(ender.signal, () => told.push(i)));
  for (const release of releases.slice(0, 48)) release();
  releases[0]?.();
  ender.abort();
  ender.signal.dispatchEvent(new Event('abort'));
  expect(told.toSorted()).toEqual([48, 49]);
  releases[49]?.();
  await turn();
  expect(warnings).toEqual([]);
});

test('a signal that nobody listens to any more has no listener', () => {
  const { signal } = new AbortController();
  const counts: number[] = [];
  let count = 0;
  const add = signal.addEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    count++;
    add(...args);
  };
  const remove = signal.removeEventListener.bind(signal);
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    count--;
    remove(...args);
  };
  for (let i = 0; i < 3; i++) {
    const releases = [listenToAbort(signal, () => undefined), listenToAbort(signal, () => undefined)];
    counts.push(count);
    for (const release of releases) release();
    counts.push(count);
  }
  expect(counts).toEqual([1, 0, 1, 0, 1, 0]);
});

test('one that lets others go when it is told is no trouble', () => {
  const ender = new AbortController();
  const told: string[] = [];
  const second = { release: (): void => undefined };
  listenToAbort(ender.signal, () => {
    told.push('first');
    second.release();
    listenToAbort(ender.signal, () => told.push('late'));
  });
  second.release = listenToAbort(ender.signal, () => told.push('second'));
  ender.abort();
  expect(told).toEqual(['first']);
});

test('one signal for a hundred requests and connections gives no warning, and ends all of them', async () => {
  const warnings = recordWarnings();
  const server = await listenRaw();
  const ender = new AbortController();
  const { signal } = ender;
  const http = createHttpClient({ maxConnectionsPerOrigin: 100 });
  const requests = Array.from({ length: 100 }, () => http.get(httpUrl(server), { signal }));
  const connections = Array.from({ length: 20 }, () => createClient({ url: server.url, signal }).client.connect());
  await server.accept();
  ender.abort();
  for (const out of await Promise.all(requests)) expect(out.errorCode).toBe('Cancelled');
  for (const result of await Promise.all(connections)) expect(result).toMatchObject({ success: false });
  const answering = await listenAnswering(response('ok'));
  const another = new AbortController().signal;
  for (let i = 0; i < 20; i++) await http.get(httpUrl(answering), { signal: another });
  await turn();
  expect(warnings).toEqual([]);
});
