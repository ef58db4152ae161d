import { selfSigned } from '../test/support/certificates.ts';
import { Child } from './child.ts';
import { measurePush } from './measure-push.ts';
import type { LoadJob } from './messages.ts';
import type { Workload } from './rows.ts';
import { type Sample, sampleOf } from './sample.ts';
import { setupArguments } from './servers/setup.ts';
import { childOptions, startLoad } from './start.ts';
import type { Subject } from './subjects.ts';

const warmMs = 700;
const measureMs = 1500;

export async function measure(workload: Workload, subject: Subject, profileDir: string | undefined): Promise<Sample> {
  switch (workload.kind) {
    case 'push':
      return measurePush(workload, subject, profileDir);
    case 'receive':
      return measureReceive(workload, subject, profileDir);
    case 'request':
      return measureRequests(workload, subject, profileDir);
    case 'idle':
      return withServer(workload, subject, profileDir, measureIdle);
    case 'echo':
    case 'http':
      return withServer(workload, subject, profileDir, measureEcho);
    case 'broadcast':
      return withServer(workload, subject, profileDir, measureEcho);
    case 'connect':
      return withServer(workload, subject, profileDir, measureServed);
  }
}

type Served = Extract<Workload, { server: string }>;
/** `Omit` of each of them by itself. */
type Work = Served extends infer W ? (W extends Served ? Omit<W, 'server'> : never) : never;

async function withServer(
  workload: Served,
  subject: Subject,
  profileDir: string | undefined,
  measureIt: (server: Child, load: Child) => Promise<Sample>,
): Promise<Sample> {
  const { server: name, ...work } = workload;
  const identity = work.kind === 'echo' && work.isSecure ? selfSigned() : undefined;
  const deflate = work.kind === 'connect' || work.kind === 'http' ? undefined : work.deflate;
  const many = work.kind === 'broadcast' ? { size: work.size, perTurn: work.perTurn } : {};
  const setup = { deflate, identity, ...many };
  const options = childOptions(subject, `servers/${name}-${subject.suffix}.js`, profileDir);
  const server = new Child({ ...options, args: setupArguments(setup) });
  try {
    const { port } = await server.hear('listening', 10_000);
    const load = startLoad(jobOf(work, port, identity?.certFile));
    try {
      return await measureIt(server, load);
    } finally {
      await load.stop();
    }
  } finally {
    await server.stop();
  }
}

function jobOf(work: Work, port: number, trusted: string | undefined): LoadJob {
  switch (work.kind) {
    case 'echo':
      return { ...work, trusted, port, warmMs, measureMs };
    case 'broadcast':
    case 'http':
      return { ...work, port, warmMs, measureMs };
    default:
      return { ...work, port };
  }
}

async function measureServed(server: Child, load: Child): Promise<Sample> {
  await load.hear('warm');
  const startCpu = await server.ask('askUsage');
  load.tell({ kind: 'go' });
  const done = await load.hear('done');
  const cpu = (await server.ask('askUsage')) - startCpu;
  return {
    cpuMicros: cpu / done.count,
    perSecond: (done.count / done.ms) * 1000,
    busy: cpu / 1000 / done.ms,
    loadBusy: done.cpuMicros / 1000 / done.ms,
  };
}

async function measureEcho(server: Child, load: Child): Promise<Sample> {
  const sample = await measureServed(server, load);
  load.tell({ kind: 'verify' });
  await load.hear('verified');
  return sample;
}

async function measureIdle(server: Child, load: Child): Promise<Sample> {
  await load.hear('warm');
  const before = await server.askMemory();
  load.tell({ kind: 'go' });
  const done = await load.hear('done');
  return { memoryBytes: ((await server.askMemory()) - before) / done.count };
}

async function measureReceive(
  workload: Extract<Workload, { kind: 'receive' }>,
  subject: Subject,
  profileDir: string | undefined,
): Promise<Sample> {
  const { size, warmCount, count } = workload;
  const load = startLoad({ kind: 'stream', size });
  try {
    const { port } = await load.hear('listening', 10_000);
    const options = childOptions(subject, `client-${subject.suffix}.js`, profileDir);
    const client = new Child({ ...options, args: [port, warmCount, count].map(String) });
    try {
      return sampleOf(await client.hear('done'));
    } finally {
      await client.stop();
    }
  } finally {
    await load.stop();
  }
}

async function measureRequests(
  workload: Extract<Workload, { kind: 'request' }>,
  subject: Subject,
  profileDir: string | undefined,
): Promise<Sample> {
  const { size, sent, connections, warmCount, count } = workload;
  const load = startLoad({ kind: 'answer', size });
  try {
    const { port } = await load.hear('listening', 10_000);
    const options = childOptions(subject, `http-client-${subject.suffix}.js`, profileDir);
    const client = new Child({ ...options, args: [port, sent, connections, warmCount, count].map(String) });
    try {
      return sampleOf(await client.hear('done'));
    } finally {
      await client.stop();
    }
  } finally {
    await load.stop();
  }
}
