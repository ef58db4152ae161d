import { createWriteStream, openSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { CliError } from '../cli-errors.ts';
import type { Environment } from '../environment.ts';
import { reasonOf, writeLine } from '../output.ts';

/** Runs `task` with log lines going to a file, which is emptied before. Without a path they stay where they were. */
export async function withLogfile<T>(
  path: string | undefined,
  environment: Environment,
  task: (environment: Environment) => Promise<T>,
): Promise<T> {
  if (path === undefined) return task(environment);
  let file: number;
  try {
    file = openSync(path, 'w', 0o600);
  } catch (error) {
    throw new CliError('logfile', reasonOf(error), undefined, { cause: error });
  }
  writeLine(environment.stderr, `All logs will be redirected to ${path}`);
  const logfile = createWriteStream(path, { fd: file });
  // A disk that is full is no reason to stop serving.
  logfile.on('error', () => undefined);
  try {
    return await task({ ...environment, logfile });
  } finally {
    logfile.end();
    await finished(logfile).catch(() => undefined);
  }
}
