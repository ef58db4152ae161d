import { lstatSync, readlink, realpath, realpathSync, type Stats } from 'node:fs';
import { sep } from 'node:path';
import { closeFile, openFile, statFile, systemCode } from '../../http/files/file-io.ts';
import { READ_FLAGS } from '../../http/files/file-source.ts';
import { hasDotFile } from './static-target.ts';

/** A file below the root; whoever gets it has to close it. */
export interface OpenedFile {
  readonly kind: 'file';
  readonly fd: number;
  readonly stats: Stats;
}

/** A directory below the root; `fd` has to be closed where there is one. Windows opens none. */
export interface OpenedDirectory {
  readonly kind: 'directory';
  readonly fd: number | undefined;
  readonly path: string;
}

/** Why there is nothing to serve. */
export interface NotOpened {
  readonly kind: 'none';
  readonly status: 403 | 404 | 503;
}

const notFound: NotOpened = { kind: 'none', status: 404 };

/**
 * Opens what lies below one directory, and nothing else.
 *
 * A path may lead out of the root by a symbolic link, and may be changed between a check and its use. So it is opened
 * first, and then the system is asked where that which is open lies: links within the root work, and what lies outside
 * is closed again without having been read.
 */
export class StaticRoot {
  private readonly path: string;
  private readonly allowsDotFiles: boolean;
  /** Without links. It is looked up again when something seems to lie outside: the root may be a link that moved. */
  private realRoot: string | undefined;

  constructor(path: string, allowsDotFiles: boolean) {
    this.path = path;
    this.allowsDotFiles = allowsDotFiles;
  }

  pathOf(segments: readonly string[]): string {
    return segments.length === 0 ? this.path : this.path + sep + segments.join(sep);
  }

  /** Rejects only for what is no fault of the request, such as a broken disk. */
  async open(segments: readonly string[]): Promise<OpenedFile | OpenedDirectory | NotOpened> {
    const path = this.pathOf(segments);
    let fd: number | undefined;
    try {
      fd = await openFile(path, READ_FLAGS);
      const opened = await this.check(fd, path);
      if (opened.kind === 'none') await closeFile(fd);
      return opened;
    } catch (error) {
      if (fd !== undefined) await closeFile(fd);
      return systemCode(error) === 'EISDIR' ? await this.openDirectoryByPath(path) : failureOf(error);
    }
  }

  private async check(fd: number, path: string): Promise<OpenedFile | OpenedDirectory | NotOpened> {
    const stats = await statFile(fd);
    if (!stats.isFile() && !stats.isDirectory()) return notFound;
    const where = await findOpened(fd, path, stats);
    if (where === undefined || !(await this.isInside(where))) return notFound;
    return stats.isFile() ? { kind: 'file', fd, stats } : { kind: 'directory', fd, path };
  }

  /** For systems that cannot open directories. Each entry is opened, and checked, by itself. */
  private async openDirectoryByPath(path: string): Promise<OpenedDirectory | NotOpened> {
    try {
      const where = await realPath(path);
      return (await this.isInside(where)) ? { kind: 'directory', fd: undefined, path: where } : notFound;
    } catch (error) {
      return failureOf(error);
    }
  }

  private async isInside(where: string): Promise<boolean> {
    return this.holds(where, this.realRoot) || this.holds(where, await this.lookUpRoot());
  }

  private async lookUpRoot(): Promise<string> {
    this.realRoot = await realPath(this.path);
    return this.realRoot;
  }

  /** Tells whether a path without links lies below the root, and hides nothing on the way there. */
  private holds(where: string, root: string | undefined): boolean {
    if (root === undefined) return false;
    if (where === root) return true;
    const prefix = root.endsWith(sep) ? root : root + sep;
    if (!where.startsWith(prefix)) return false;
    return this.allowsDotFiles || !hasDotFile(where.slice(prefix.length).split(sep));
  }
}

/** The path of an open file; `undefined` when nobody can tell. */
async function findOpened(fd: number, path: string, stats: Stats): Promise<string | undefined> {
  return (await pathOfDescriptor(fd)) ?? findByPath(path, stats);
}

/** Times that a path is compared with the file that was opened. */
const COMPARISONS = 3;

/**
 * On a system without an answer (Linux has it), the path has to lead to what was opened, by the same way, several
 * times in a row. It is looked at without a pause, since whoever can change the tree would use that: only a program on
 * this machine that changes it to and fro between any two of these calls would not be noticed.
 *
 * @internal
 */
export function findByPath(path: string, stats: Pick<Stats, 'dev' | 'ino'>): string | undefined {
  const where = realpathSync.native(path);
  for (let i = 0; i < COMPARISONS; i++) {
    // `stat` would follow a link that has taken the place of the file.
    const found = lstatSync(where);
    if (found.dev !== stats.dev || found.ino !== stats.ino || realpathSync.native(path) !== where) return undefined;
  }
  return where;
}

/** The directory in which Linux has a link for each open file, to where that is now. */
export const DESCRIPTORS = '/proc/self/fd';

function pathOfDescriptor(fd: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    readlink(`${DESCRIPTORS}/${fd}`, (error, path) => resolve(error === null ? path : undefined));
  });
}

function realPath(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    realpath.native(path, (error, resolved) => (error === null ? resolve(resolved) : reject(error)));
  });
}

/** Error codes that are the fault of a request; any other is the server's. */
function failureOf(error: unknown): NotOpened {
  switch (systemCode(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENAMETOOLONG':
    case 'ELOOP':
    case 'ENXIO':
    case 'ENODEV':
    case 'EINVAL':
      return notFound;
    case 'EACCES':
    case 'EPERM':
      return { kind: 'none', status: 403 };
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOMEM':
      return { kind: 'none', status: 503 };
    default:
      throw error;
  }
}
