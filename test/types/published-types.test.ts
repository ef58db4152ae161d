import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { patient } from '../support/patience.ts';
import { compileUsers } from './compile-users.ts';

const compiler = join(createRequire(import.meta.url).resolve('typescript/package.json'), '../bin/tsc');

/** Options that programs have; each makes something of our declarations an error that is none without it. */
const consumers: [string, string][] = [
  [
    'a program of Node, as strict as it can be',
    '--module nodenext --exactOptionalPropertyTypes --noUncheckedIndexedAccess --noPropertyAccessFromIndexSignature',
  ],
  ['a program that is bundled, for browsers too', '--module esnext --moduleResolution bundler --lib es2022,dom'],
  ['a program with the declarations of every package checked', '--module nodenext --skipLibCheck false'],
];

// What `npm run build` has left in `dist` is compiled here; `npm run typecheck` compiles the same files with `src`.
test.each(consumers)(
  '%s can use the published types',
  async (_name, options) => {
    expect(await compileUsers(compiler, ['--ignoreConfig', ...options.split(' ')])).toBe('');
  },
  patient(60_000),
);
