import { defineConfig } from 'vitest/config';
import { sortTests } from './test/support/kinds-of-tests.ts';
import { patient } from './test/support/patience.ts';

const { shared, alone } = sortTests();

const common = {
  pool: 'forks',
  testTimeout: patient(10_000),
  // of expect.poll
  expect: { poll: { timeout: patient(5_000) } },
  hookTimeout: patient(10_000),
} as const;

export default defineConfig({
  test: {
    globalSetup: 'test/support/build.ts',
    maxWorkers: 3,
    teardownTimeout: patient(5_000),
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text', 'html', 'json-summary'],
    },
    projects: [
      // Most files: a process runs one after the other, so that what they import is loaded once.
      { test: { ...common, name: 'shared', include: shared, isolate: false } },
      { test: { ...common, name: 'alone', include: alone } },
    ],
  },
});
