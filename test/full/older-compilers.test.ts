import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { compileUsers } from '../types/compile-users.ts';

const folder = join(import.meta.dirname, 'compilers');
const compilerOf = (version: string): string => join(folder, `node_modules/typescript-${version}/bin/tsc`);

beforeAll(async () => {
  if (existsSync(compilerOf('5.4')) && existsSync(compilerOf('6'))) return;
  await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder });
});

test.each([
  ['5.4', '--module nodenext'],
  ['5.4', '--module esnext --moduleResolution bundler --lib es2022,dom'],
  ['6', '--ignoreConfig --module nodenext'],
  ['6', '--ignoreConfig --module esnext --moduleResolution bundler --lib es2022,dom'],
])(
  'TypeScript %s, strict and nothing else, compiles programs that use the published types: %s',
  async (version, options) => {
    expect(await compileUsers(compilerOf(version), options.split(' '))).toBe('');
  },
);
