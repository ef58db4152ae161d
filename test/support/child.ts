import { execFile, spawn } from 'node:child_process';
import { access, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

/** What a process that ran to its end left. */
export interface ChildResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The library as compiled JavaScript, for what can only be seen from outside of a process. */
export class CompiledLibrary {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Compiles `src/` as it is now, whatever `dist/` holds. */
  static async make(): Promise<CompiledLibrary> {
    const directory = await mkdtemp(join(tmpdir(), 'ixwebsocket-test-'));
    await writeFile(join(directory, 'package.json'), '{"type":"module"}');
    await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const flags = ['--outDir', join(directory, 'lib'), '--declarationMap', 'false', '--sourceMap', 'false'];
    // It emits in spite of type errors, which are for `npm run typecheck` to report.
    await execute(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), ...flags]).catch(() => undefined);
    await access(join(directory, 'lib/index.js'));
    return new CompiledLibrary(directory);
  }

  /** Runs a module that may import everything public from `ix`, and `process.argv.slice(2)` of which is `args`. */
  async run(source: string, args: readonly string[] = [], nodeFlags: readonly string[] = []): Promise<ChildResult> {
    const file = join(this.#directory, `child-${process.hrtime.bigint()}.mjs`);
    await writeFile(file, `import * as ix from './lib/index.js';\n${source}`);
    const child = spawn(process.execPath, [...nodeFlags, file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const code = await new Promise<number | null>((done) => child.on('close', done));
    return { code, stdout, stderr };
  }

  remove(): Promise<void> {
    return rm(this.#directory, { recursive: true, force: true });
  }
}
