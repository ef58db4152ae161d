import { defineConfig } from 'vitest/config';
import { patient } from './test/support/patience.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/full/**', '**/node_modules/**'],
    globalSetup: 'test/support/build.ts',
    pool: 'forks',
    maxWorkers: 3,
    testTimeout: patient(10_000),
    // of expect.poll
    expect: { poll: { timeout: patient(5_000) } },
    hookTimeout: patient(10_000),
    teardownTimeout: patient(5_000),
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text', 'html', 'json-summary'],
    },
  },
});
