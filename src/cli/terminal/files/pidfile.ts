import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { CliError } from '../cli-errors.ts';
import type { Environment } from '../environment.ts';
import { reasonOf } from '../output.ts';

/** Keeps the process id in a file while `task` runs. Without a path there is no file. */
export async function withPidfile<T>(
  path: string | undefined,
  environment: Environment,
  task: () => Promise<T>,
): Promise<T> {
  if (path === undefined) return task();
  const pid = String(environment.pid);
  try {
    // Removed first, so that a link is replaced and not followed.
    rmSync(path, { force: true });
    writeFileSync(path, pid, { flag: 'wx' });
  } catch (error) {
    throw new CliError('pidfile', reasonOf(error), undefined, { cause: error });
  }
  try {
    return await task();
  } finally {
    removeOwn(path, pid);
  }
}

/** Another process may have taken the file over. */
function removeOwn(path: string, pid: string): void {
  try {
    if (readFileSync(path, 'utf8') === pid) rmSync(path);
  } catch {
    // Gone already, which is what was wanted.
  }
}
