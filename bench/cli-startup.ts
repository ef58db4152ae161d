import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describeMachine } from './machine.ts';

/** The command as `npm run build` makes it. */
const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const RUNS = 21;

const subjects: readonly (readonly [name: string, args: readonly string[]])[] = [
  ['node -e 0', ['-e', '0']],
  ['ws --version', [main, '--version']],
  ['ws help', [main, 'help']],
  ['ws help connect', [main, 'help', 'connect']],
];

/** Milliseconds of one run, from the start of the process to its end. */
function runOnce(args: readonly string[]): number {
  const startMs = performance.now();
  const { status } = spawnSync(process.execPath, args);
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: was it built?`);
  return performance.now() - startMs;
}

console.log(`${describeMachine()}\nmedian and fastest of ${RUNS} runs\n`);
const times = subjects.map(() => [] as number[]);
for (let round = 0; round < RUNS; round++) {
  for (const [index, [, args]] of subjects.entries()) times[index]?.push(runOnce(args));
}
for (const [index, [name]] of subjects.entries()) {
  const sorted = (times[index] ?? []).toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  console.log(`${name.padEnd(16)} ${median.toFixed(0).padStart(4)} ms ${(sorted[0] ?? 0).toFixed(0).padStart(4)} ms`);
}
