import { defineConfig } from 'vitest/config';

/** The slow suite: a real browser, long soaks, leak hunts. One file at a time, so that measurements are not disturbed. */
export default defineConfig({
  test: {
    include: ['test/full/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    execArgv: ['--expose-gc'],
    testTimeout: 180_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
  },
});
