// Runs the tests three times in a row beside as many programs as there are processors, each of which never rests:
// `npm run test:busy -- [TIMES] [what vitest takes…]`. Ends with the first run that fails.
import { spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const [first, ...rest] = process.argv.slice(2);
const times = Number.isInteger(Number(first)) ? Number(first) : 3;
const args = first === undefined || Number.isInteger(Number(first)) ? rest : [first, ...rest];
const env = { IXWS_TEST_PATIENCE: '5', ...process.env };

const loops = Array.from({ length: availableParallelism() }, () => spawn(process.execPath, ['-e', 'for (;;);']));
process.on('exit', () => {
  for (const loop of loops) loop.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

for (let run = 1; run <= times; run++) {
  console.log(`run ${run} of ${times}, beside ${loops.length} busy programs`);
  const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...args], {
    env,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
process.exit(0);
