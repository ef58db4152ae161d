#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { processEnvironment } from './terminal/process-environment.ts';

const argv = process.argv.slice(2);

// The exit code is set and the end awaited: ending at once could lose output that is still on its way.
if (argv.length === 1 && argv[0] === '--version') {
  // Scripts ask for it often, so nothing is loaded that it does not need.
  const { describeVersion } = await import('./terminal/version.ts');
  const environment = processEnvironment();
  environment.stdout.write(`ws ${describeVersion(environment)}\n`);
} else {
  if (/^(send|receive|transfer)$/.test(argv[0] ?? '')) keepHeapSmall();
  const { run } = await import('./program.ts');
  process.exitCode = await run(argv, processEnvironment());
}

/**
 * For commands that files only pass through. Buffers live outside of the heap, and are freed when the few bytes that
 * they have inside are collected. In a young generation that has grown to 16 MB that is seldom: tens of megabytes of
 * buffers pile up that nobody needs. So it does not grow, which has to be said before it has.
 */
function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
