import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { patient } from '../support/patience.ts';

const root = resolve(import.meta.dirname, '../..');
const compiler = join(createRequire(import.meta.url).resolve('typescript/package.json'), '../bin/tsc');
const programs = ['connection', 'client', 'server', 'http'].map((name) => join(import.meta.dirname, `${name}.ts`));

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
    const given = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--target',
      'es2022',
      '--types',
      'node',
      ...options.split(' '),
    ];
    const run = promisify(execFile)(
      process.execPath,
      [compiler, ...given, '--allowImportingTsExtensions', ...programs],
      { cwd: root },
    );
    const output = await run.then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    );
    expect(output).toBe('');
  },
  patient(60_000),
);
