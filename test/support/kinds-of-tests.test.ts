import { expect, test } from 'vitest';
import { needsOwnProcess, sortTests } from './kinds-of-tests.ts';

test.each([
  "vi.mock('node:timers', () => ({}));",
  "process.env['SSL_CERT_FILE'] = file;",
  'process.env.NO_PROXY = "";',
  "process.on('warning', () => undefined);",
  'const memory = new MemoryWatch();',
  'expect(process.memoryUsage().heapUsed).toBe(0);',
  "import { setFlagsFromString } from 'node:v8';",
])('a file that measures or changes its process has one of its own: %s', (source) => {
  expect(needsOwnProcess(source)).toBe(true);
});

test('all others share one, and are quick where they need nothing but the processor', () => {
  const source = "import { spawn } from 'node:child_process';\nspawn(process.execPath, [process.env['HOME']]);\n";
  expect(needsOwnProcess(source)).toBe(false);
  const { shared, alone, quick } = sortTests();
  expect(shared).toContain('test/util/backoff.test.ts');
  expect(alone).toContain('test/platform/node-clock.test.ts');
  expect(quick).toContain('test/util/backoff.test.ts');
  expect(quick).toContain('test/client/retry-policy.test.ts');
  expect(quick).not.toContain('test/client/request.test.ts');
  expect([...shared, ...alone].filter((file) => file.includes('/full/'))).toEqual([]);
});
