import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { patient } from '../support/patience.ts';
import type { ConformanceCase, Role } from './case.ts';
import { OpeningServer } from './opening.ts';
import { play, type Stage } from './play.ts';
import { findDifferences, type Results, readExpected, tabulate, writeExpected } from './results.ts';
import { createOwnSubject, type Subject } from './subjects.ts';
import { casesFor, families, roles } from './suite.ts';

/** Cases that are played at the same time. */
const CONCURRENCY = 48;
const HEAVY_CONCURRENCY = 4;
const DEADLINE_MS = patient(25_000);
const HEAVY_DEADLINE_MS = patient(90_000);

/** Plays cases against a subject. Heavy ones are given more time, and less company. */
export async function runCases(
  cases: readonly ConformanceCase[],
  role: Role,
  subject: Subject = createOwnSubject('defaults'),
): Promise<Results> {
  const behaviours = new Map<string, string>();
  for (const isHeavy of [false, true]) {
    const some = cases.filter((one) => (one.isHeavy ?? false) === isHeavy);
    if (some.length === 0) continue;
    const deadlineMs = isHeavy ? HEAVY_DEADLINE_MS : DEADLINE_MS;
    await onStage(role, subject, deadlineMs, (stage) =>
      playAll(some, stage, isHeavy ? HEAVY_CONCURRENCY : CONCURRENCY, behaviours),
    );
  }
  return new Map(cases.map(({ id }) => [id, behaviours.get(id) ?? 'FAILED: not played']));
}

/** Sets up what the cases of a role need, and takes it down. */
async function onStage(
  role: Role,
  subject: Subject,
  deadlineMs: number,
  task: (stage: Stage) => Promise<void>,
): Promise<void> {
  if (role === 'server') {
    const server = await subject.startServer();
    try {
      await task({ role, subject, server, openingServer: undefined, port: server.port, deadlineMs });
    } finally {
      await server.stop();
    }
    return;
  }
  const openingServer = new OpeningServer();
  const port = await openingServer.listen();
  try {
    await task({ role, subject, server: undefined, openingServer, port, deadlineMs });
  } finally {
    await openingServer.close();
  }
}

async function playAll(
  cases: readonly ConformanceCase[],
  stage: Stage,
  concurrency: number,
  behaviours: Map<string, string>,
): Promise<void> {
  const waiting = cases.entries();
  const worker = async (): Promise<void> => {
    for (const [number, testCase] of waiting) {
      behaviours.set(testCase.id, await play(testCase, stage, `/case/${number}`));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      role: { type: 'string' },
      match: { type: 'string', default: '' },
      heavy: { type: 'boolean', default: false },
      update: { type: 'boolean', default: false },
      ws: { type: 'boolean', default: false },
    },
  });
  const createSubject = values.ws ? (await import('./ws-subject.ts')).createWsSubject : createOwnSubject;
  const fresh: Record<Role, Results> = { server: new Map(), client: new Map() };
  const differences: string[] = [];
  for (const role of roles) {
    if (values.role !== undefined && values.role !== role) continue;
    const all = new Map<string, string>();
    for (const family of families) {
      const cases = casesFor(family, role).filter(
        ({ id, isHeavy }) => id.includes(values.match) && (values.heavy || isHeavy !== true),
      );
      if (cases.length === 0) continue;
      const results = await runCases(cases, role, createSubject(family.setup ?? 'defaults'));
      for (const [id, behaviour] of results) all.set(id, behaviour);
      console.log(tabulate(family.name, role, results));
      differences.push(...findDifferences(results, readExpected(role)).map((line) => `${role} ${line}`));
    }
    fresh[role] = all;
  }
  if (values.update) writeExpected(fresh);
  for (const line of differences) console.log(line);
  const failed = values.update ? differences.filter((line) => line.includes(': FAILED')) : differences;
  process.exitCode = failed.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
