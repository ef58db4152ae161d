/** The target of a request: names below the root, `isDirectory` when a slash ends them; or why it is refused. */
export type StaticTarget =
  | {
      readonly kind: 'path';
      readonly segments: readonly string[];
      readonly isDirectory: boolean;
      /** With its question mark; may be empty. */
      readonly query: string;
    }
  | { readonly kind: 'refused'; readonly status: 400 | 404 | 414 };

/** More than RFC 9112 3 asks every server to take, and longer than any path of the system in its plain spelling. */
const MAX_PATH_LENGTH = 8192;

/** The directory of RFC 8615, the only name with a dot in front that is meant to be public. */
const WELL_KNOWN = '.well-known';

export interface PathRules {
  readonly allowsDotFiles: boolean;
  /** Names mean more on Windows: streams, drives, devices, and endings that are not there. */
  readonly isWindows: boolean;
}

/**
 * The names in the path of a request target. They are decoded once; then dot segments are removed (RFC 3986 5.2.4),
 * and several slashes count as one, as nginx and Apache have it. A path that would climb out of the root is refused,
 * and so is one with a name that means anything but an entry of the directory before it, however that is written.
 */
export function parseStaticTarget(target: string, rules: PathRules): StaticTarget {
  const start = pathStart(target);
  if (start < 0) return refused(400);
  const question = target.indexOf('?', start);
  const path = question < 0 ? target.slice(start) : target.slice(start, question);
  if (path.length > MAX_PATH_LENGTH) return refused(414);
  const segments: string[] = [];
  let isDirectory = true;
  for (const raw of path.split('/')) {
    const segment = decode(raw);
    if (segment === undefined || isForbidden(segment)) return refused(400);
    isDirectory = segment === '' || segment === '.' || segment === '..';
    if (segment === '..') {
      if (segments.pop() === undefined) return refused(400);
    } else if (!isDirectory) segments.push(segment);
  }
  if (rules.isWindows && segments.some(isForbiddenOnWindows)) return refused(404);
  if (!rules.allowsDotFiles && hasDotFile(segments)) return refused(404);
  return { kind: 'path', segments, isDirectory, query: queryOf(target, question) };
}

/** Tells whether one of the names begins with a dot, and is not public all the same. */
export function hasDotFile(segments: readonly string[]): boolean {
  return segments.some((segment, index) => segment.startsWith('.') && !(index === 0 && segment === WELL_KNOWN));
}

/** The path of names below the root, as it is written in a URL. */
export function formatPath(segments: readonly string[]): string {
  return segments.map((segment) => `/${encodeURIComponent(segment)}`).join('');
}

/**
 * The offset at which the path begins: at once, or behind `scheme://authority` (RFC 9112 3.2.2). Other targets have
 * none.
 */
function pathStart(target: string): number {
  if (target.startsWith('/')) return 0;
  const authority = target.indexOf('://');
  if (authority < 0) return -1;
  for (let i = authority + 3; i < target.length; i++) {
    const char = target[i];
    if (char === '/' || char === '?') return i;
  }
  return target.length;
}

function queryOf(target: string, question: number): string {
  return question < 0 ? '' : target.slice(question);
}

function decode(raw: string): string | undefined {
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}

/** Tells whether a name holds a separator or a control character, or is a drive or a stream. */
function isForbidden(segment: string): boolean {
  if (/[\0-\x1f\x7f/\\]/.test(segment)) return true;
  // Nobody needs them elsewhere, and a tree that is served here today may be on Windows tomorrow.
  return /^[a-z]:$/i.test(segment) || segment.includes('::$');
}

const windowsDevice =
  /^(?:con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]|conin\$|conout\$)(?:\.|$)/i;

/** `file:stream`, names that Windows shortens before it looks, devices, and short names (`GIT~1`). */
function isForbiddenOnWindows(segment: string): boolean {
  return /[:<>"|?*]/.test(segment) || /[. ]$/.test(segment) || /~\d/.test(segment) || windowsDevice.test(segment);
}

function refused(status: 400 | 404 | 414): StaticTarget {
  return { kind: 'refused', status };
}
