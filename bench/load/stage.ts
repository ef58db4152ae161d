import { once } from 'node:events';

import { cpuMicros, report } from '../probe.ts';

/** Tells the runner that warming up is over and waits for its `go`: in between it asks the server for its CPU time. */
export async function waitForGo(): Promise<void> {
  const go = once(process, 'message');
  report({ kind: 'warm' });
  await go;
}

/** After the measured part: waits for the runner, which asks the server first, and tells it that all is well. */
export async function verifyWhenAsked(verify: () => Promise<void>): Promise<void> {
  await once(process, 'message');
  await verify();
  report({ kind: 'verified' });
}

/** Runs the measured part, which returns the number of things done, and reports it. */
export async function measured(work: () => Promise<number>): Promise<void> {
  const startCpu = cpuMicros();
  const startMs = performance.now();
  const count = await work();
  report({ kind: 'done', count, ms: performance.now() - startMs, cpuMicros: cpuMicros() - startCpu });
}
