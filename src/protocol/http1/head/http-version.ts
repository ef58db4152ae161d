import type { HeadFailureCode } from './head-failure.ts';
import { orBareLineFeed } from './illegal-byte.ts';

const DIGIT_0 = 0x30;
const VERSION_PREFIX = 'HTTP/1.';
const MAJOR_DIGIT = VERSION_PREFIX.indexOf('1');

/** Bytes of an HTTP version (RFC 9112 2.3). */
export const VERSION_LENGTH: number = 'HTTP/1.1'.length;

/** Tells whether `HTTP/1.1` stands at `at`. */
export function isCurrentVersion(chunk: Buffer, at: number): boolean {
  return (
    chunk[at] === 0x48 &&
    chunk[at + 1] === 0x54 &&
    chunk[at + 2] === 0x54 &&
    chunk[at + 3] === 0x50 &&
    chunk[at + 4] === 0x2f &&
    chunk[at + 5] === 0x31 &&
    chunk[at + 6] === 0x2e &&
    chunk[at + 7] === 0x31
  );
}

/**
 * The failure that `byte` is at index `matched` of `HTTP/1.` and one digit (RFC 9112 2.3), or `undefined`. Any other
 * major version is refused by its first digit.
 */
export function versionFailure(matched: number, byte: number, code: HeadFailureCode): HeadFailureCode | undefined {
  const isDigit = byte >= DIGIT_0 && byte <= DIGIT_0 + 9;
  if (matched === VERSION_PREFIX.length ? isDigit : byte === VERSION_PREFIX.charCodeAt(matched)) return undefined;
  // A zero may begin `01.1`, which is no version; there is none with a major number of 0 in this form.
  if (isDigit && matched === MAJOR_DIGIT && byte !== DIGIT_0) return 'unsupportedVersion';
  return orBareLineFeed(byte, code);
}
