import fs from 'node:fs';
import net from 'node:net';

/**
 * Makes the path of a unix socket free again when a server died without removing it. Nothing but a socket is ever
 * removed, and none that somebody listens on.
 *
 * @returns whether the path is free
 */
export async function removeStaleSocket(path: string): Promise<boolean> {
  const before = fs.lstatSync(path, { throwIfNoEntry: false });
  if (before === undefined) return true;
  if (!before.isSocket() || !(await isDeserted(path))) return false;
  const now = fs.lstatSync(path, { throwIfNoEntry: false });
  // Another server may have been quicker.
  if (now?.ino === before.ino) fs.rmSync(path, { force: true });
  return now === undefined || now.ino === before.ino;
}

/** Connecting to a unix socket succeeds or fails at once. */
function isDeserted(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'ECONNREFUSED' || error.code === 'ENOENT');
    });
  });
}

/** Only the owner may connect, whatever the umask says. A pipe of Windows is no file. */
export function restrictSocket(path: string): void {
  if (!isWindowsPipe(path)) fs.chmodSync(path, 0o600);
}

export function isWindowsPipe(path: string): boolean {
  return path.startsWith('\\\\');
}

/**
 * The longest path that all systems take, in bytes. Linux has room for 107 and macOS for 103; Node would cut a longer
 * one, and listen or connect somewhere else.
 */
const MOST_PATH_BYTES = 103;

export function isSocketPathTooLong(path: string): boolean {
  return !isWindowsPipe(path) && Buffer.byteLength(path) > MOST_PATH_BYTES;
}
