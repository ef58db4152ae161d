import { unprintable } from '../output.ts';

/** The end of the names of partial files, so no received file may have it. */
export const PART_SUFFIX = '.ws.part';

const MAX_SEGMENT_BYTES = 255 - PART_SUFFIX.length - 1;
const MAX_DEPTH = 64;

/** Names that mean devices on Windows, whatever comes behind a dot. */
const windowsDevice = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$/i;

/** A name from the network taken apart, or why it is not used. */
export type SafeName =
  | { readonly ok: true; readonly segments: readonly string[] }
  | { readonly ok: false; readonly why: string };

/**
 * Takes a relative path from the network apart into names that stay below the folder they are used in. A name that
 * could mean something else is refused, not repaired: what is stored is called what was sent.
 *
 * @param platform the operating system as Node names it
 */
export function safeSegments(path: string, platform: string): SafeName {
  if (path.startsWith('/') || /^[a-z]:[/\\]/i.test(path)) return refused('is an absolute path');
  const segments = path.split('/');
  if (segments.length > MAX_DEPTH) return refused(`is nested deeper than ${MAX_DEPTH} folders`);
  for (const segment of segments) {
    const why = whyUnsafe(segment, platform);
    if (why !== undefined) return refused(why);
  }
  return { ok: true, segments };
}

/**
 * The name of a file that another program sent, which may have put the path of its own machine before it: what stands
 * behind the last slash or backslash.
 */
export function baseNameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

function whyUnsafe(segment: string, platform: string): string | undefined {
  if (segment === '') return 'has an empty part';
  if (segment === '.' || segment === '..') return `has the part '${segment}'`;
  // `search` takes no notice of where a global expression stopped before.
  if (segment.search(unprintable) !== -1) return 'has a character that cannot be shown';
  if (segment.includes('\\')) return 'has a backslash';
  if (!segment.isWellFormed()) return 'is not proper Unicode';
  if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) return `has a part longer than ${MAX_SEGMENT_BYTES} bytes`;
  if (segment.endsWith(PART_SUFFIX)) return `ends in ${PART_SUFFIX}, as partial files do`;
  if (platform !== 'win32') return undefined;
  if (/[<>:"|?*]/.test(segment)) return 'has a character that Windows does not allow';
  if (/[. ]$/.test(segment)) return 'ends in a dot or a space, which Windows drops';
  return windowsDevice.test(segment) ? 'is the name of a device on Windows' : undefined;
}

function refused(why: string): SafeName {
  return { ok: false, why };
}
