import { defineConfig } from 'vitest/config';
import { sortTests } from './test/support/kinds-of-tests.ts';
import { patient } from './test/support/patience.ts';

/** The tests that need nothing but the processor: no socket, no process, nothing built. */
export default defineConfig({
  test: {
    include: sortTests().quick,
    pool: 'threads',
    isolate: false,
    testTimeout: patient(10_000),
  },
});
