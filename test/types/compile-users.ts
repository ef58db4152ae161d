import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../..');
const programs = ['connection', 'client', 'server', 'http'].map((name) => join(import.meta.dirname, `${name}.ts`));

/** What a compiler says about programs that use what `npm run build` has left in `dist/`: nothing, if all is well. */
export async function compileUsers(compiler: string, options: readonly string[]): Promise<string> {
  const always = ['--noEmit', '--strict', '--target', 'es2022', '--types', 'node', '--allowImportingTsExtensions'];
  const run = promisify(execFile)(process.execPath, [compiler, ...always, ...options, ...programs], { cwd: root });
  return run.then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
}
