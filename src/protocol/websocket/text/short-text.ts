/*
 * Short ASCII texts, built in JavaScript. A call of `fromCharCode` with a fixed number of arguments is compiled inline
 * and takes 12 to 30 ns; joining characters takes 130 ns for eight of them, and a call into the runtime 50 to 90.
 */

/** The longest text that {@link shortAsciiText} builds. */
export const SHORT_TEXT_BYTES = 15;

// The caller has made sure that all of the bytes are there, which the type of an index does not say.
const char = String.fromCharCode as (...codes: readonly (number | undefined)[]) => string;

/** The ASCII text of `length` bytes at `at`; `length` is at most {@link SHORT_TEXT_BYTES}. */
export function shortAsciiText(b: Buffer, at: number, length: number): string {
  if (length < 8) return upToSeven(b, at, length);
  const eight = char(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6], b[at + 7]);
  return length === 8 ? eight : eight + upToSeven(b, at + 8, length - 8);
}

function upToSeven(b: Buffer, at: number, length: number): string {
  switch (length) {
    case 1:
      return char(b[at]);
    case 2:
      return char(b[at], b[at + 1]);
    case 3:
      return char(b[at], b[at + 1], b[at + 2]);
    case 4:
      return char(b[at], b[at + 1], b[at + 2], b[at + 3]);
    case 5:
      return char(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4]);
    case 6:
      return char(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5]);
    case 7:
      return char(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6]);
    default:
      return '';
  }
}
