import { randomBytes } from 'node:crypto';
import { createWriteStream, lstatSync, rmSync } from 'node:fs';
import { link, rename } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { CliError } from '../cli-errors.ts';

/** Writes a file that is there when it is complete, and not before; nothing is replaced unasked. */
export async function writeOutputFile(
  command: string,
  path: string,
  mayReplace: boolean,
  write: (file: Writable) => Promise<void>,
): Promise<void> {
  if (!mayReplace) checkAbsent(command, path);
  const temporary = `${path}.${randomBytes(4).toString('hex')}.part`;
  try {
    await write(createWriteStream(temporary, { flags: 'wx' }));
    if (mayReplace) await rename(temporary, path);
    else {
      await link(temporary, path).catch((error: unknown) => {
        checkAbsent(command, path);
        // Some file systems have no links.
        if (!(error instanceof Error)) throw error;
        return rename(temporary, path);
      });
    }
  } finally {
    rmSync(temporary, { force: true });
  }
}

function checkAbsent(command: string, path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  throw new CliError(command, `${path} is there already`, 'Replace it with --force, or choose another with --output.');
}
