import { defineConfig } from 'vitest/config';
import { patient } from './test/support/patience.ts';

/** The slow suite: a real browser, long soaks, leak hunts. One file at a time, so that measurements are not disturbed. */
export default defineConfig({
  test: {
    include: ['test/full/**/*.test.ts'],
    globalSetup: 'test/support/build.ts',
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    execArgv: ['--expose-gc'],
    testTimeout: patient(180_000),
    // of expect.poll
    expect: { poll: { timeout: patient(5_000) } },
    hookTimeout: patient(60_000),
    teardownTimeout: patient(10_000),
  },
});
