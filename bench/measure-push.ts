import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { Child, scriptPath } from './child.ts';
import type { Workload } from './rows.ts';
import type { Sample } from './sample.ts';
import { childOptions, startLoad } from './start.ts';
import type { Subject } from './subjects.ts';

type Push = Extract<Workload, { kind: 'push' }>;

const payloadBytes = 'hello world'.length;

/** Ours is the `ws` command itself, as a user starts it; the probe comes in by a flag. */
function startCommand(subject: Subject, args: readonly string[], profileDir: string | undefined, core: 0 | 1): Child {
  // The command takes its version from the package it is in.
  copyFileSync(scriptPath('../../../package.json'), scriptPath('../package.json'));
  const options = childOptions(subject, '../src/cli/main.js', profileDir);
  const probe = ['--import', pathToFileURL(scriptPath('probe.js')).href];
  return new Child({ ...options, flags: [...(options.flags ?? []), ...probe], args, core });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function waitUntilListening(child: Child, port: number): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await Promise.race([
      once(socket, 'connect').then(
        () => true,
        () => false,
      ),
      sleep(1000, false),
    ]);
    socket.destroy();
    if (isOpen) return;
    child.checkRunning();
    if (performance.now() > deadline) throw new Error('push_server does not listen');
    await sleep(20);
  }
}

interface Source {
  readonly child: Child;
  readonly port: number;
}

async function startSource(workload: Push, subject: Subject, profileDir: string | undefined): Promise<Source> {
  // With a measured receiver the sender takes the other core.
  const core = workload.to === 'subject' ? 1 : 0;
  if (workload.from === 'subject' && subject.suffix === 'ours') {
    const port = await freePort();
    const args = ['push_server', '--host', '127.0.0.1', '--port', String(port), '-q', '-x'];
    const child = startCommand(subject, args, profileDir, core);
    await waitUntilListening(child, port);
    return { child, port };
  }
  const child =
    workload.from === 'raw'
      ? startLoad({ kind: 'stream', size: payloadBytes })
      : new Child({ ...childOptions(subject, `servers/push-${subject.suffix}.js`, profileDir), core });
  return { child, port: (await child.hear('listening', 10_000)).port };
}

interface Received {
  readonly ms: number;
  /** Of the receiver; of no interest when it is the load generator. */
  readonly cpuMicros: number;
}

/** A peer's client goes on until it is stopped; its CPU time, like that of `autoroute`, is that of its whole life. */
async function stopAfter(receiver: Child): Promise<Received> {
  try {
    const { ms } = await receiver.hear('done');
    await receiver.stop();
    return { ms, cpuMicros: (await receiver.hear('final')).cpuMicros };
  } finally {
    await receiver.stop();
  }
}

async function receive(
  workload: Push,
  subject: Subject,
  port: number,
  profileDir: string | undefined,
): Promise<Received> {
  const count = String(workload.count);
  if (workload.to === 'raw') {
    const load = startLoad({ kind: 'drain', port, size: payloadBytes, count: workload.count });
    return stopAfter(load);
  }
  if (subject.suffix !== 'ours') {
    const options = childOptions(subject, `client-${subject.suffix}.js`, profileDir);
    const client = new Child({ ...options, args: [String(port), '0', count] });
    return stopAfter(client);
  }
  const args = ['autoroute', '--msg_count', count, `ws://127.0.0.1:${port}/`];
  const client = startCommand(subject, args, profileDir, 0);
  try {
    const { cpuMicros } = await client.hear('final');
    await client.ended(5000);
    const ms = /:: *(\d+(?:\.\d+)?) ms/.exec(client.output)?.[1];
    if (ms === undefined) throw new Error(`autoroute printed no time: ${client.output.slice(-500)}`);
    return { ms: Number(ms), cpuMicros };
  } finally {
    await client.stop();
  }
}

/** The CPU time is that of the subject's side or sides; of a receiver, from the start of its process. */
export async function measurePush(workload: Push, subject: Subject, profileDir: string | undefined): Promise<Sample> {
  const source = await startSource(workload, subject, profileDir);
  try {
    const startCpu = await source.child.ask('askUsage');
    const received = await receive(workload, subject, source.port, profileDir);
    let cpu = workload.to === 'subject' ? received.cpuMicros : 0;
    if (workload.from === 'subject') cpu += (await finalCpu(source.child, subject)) - startCpu;
    const perSecond = (workload.count / received.ms) * 1000;
    return { cpuMicros: cpu / workload.count, perSecond };
  } finally {
    await source.child.stop();
  }
}

/** Our push_server ends after its first client has left; the others are asked. */
async function finalCpu(child: Child, subject: Subject): Promise<number> {
  if (subject.suffix !== 'ours') return child.ask('askUsage');
  return (await child.hear('final', 10_000)).cpuMicros;
}
