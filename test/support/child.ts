import { spawn } from 'node:child_process';

/** What `npm run build` has made of `src/`. */
const built = new URL('../../dist/', import.meta.url);

/** What a process that ran to its end left. */
export interface ChildResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a module in a process of its own, for what can only be seen from outside of one. It has everything public as
 * `ix`, and `args` as `process.argv.slice(2)`.
 */
export async function runModule(
  source: string,
  args: readonly string[] = [],
  nodeFlags: readonly string[] = [],
): Promise<ChildResult> {
  const module = `import * as ix from '${new URL('index.js', built).href}';\n${source}`;
  const argv = [...nodeFlags, '--input-type=module', '--eval', module, 'module', ...args];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((done) => child.on('close', done));
  return { code, stdout, stderr };
}
