/** Tells whether whole arrays are valid UTF-8; see `ProtocolPorts.isUtf8`. */
export type IsUtf8 = (bytes: Uint8Array) => boolean;

/** Below this, a loop is cheaper than a view and a call out of JavaScript. */
const SHORT_BYTES = 32;

/**
 * Validates the bytes from `from` to `to`, of which the last character may still be incomplete.
 *
 * Returns the offset up to which everything is complete and valid, at most three bytes before `to`; -1 as soon as no
 * further byte could make it valid. `from` must be a character boundary: feed the result back as the next `from`.
 * The text is complete when the result equals `to`.
 */
export function validateUtf8(bytes: Uint8Array, from: number, to: number, isUtf8: IsUtf8): number {
  if (to - from <= SHORT_BYTES) {
    while (from < to && (bytes[from] ?? 0x80) < 0x80) from++;
    if (from === to) return to;
  }
  const boundary = lastBoundary(bytes, from, to);
  if (boundary > from && !isUtf8(bytes.subarray(from, boundary))) return -1;
  return boundary < to && !isCharacterPrefix(bytes, boundary, to) ? -1 : boundary;
}

/** The start of the incomplete character at the end, or `to` when there is none. */
function lastBoundary(bytes: Uint8Array, from: number, to: number): number {
  const floor = Math.max(from, to - 3);
  for (let at = to - 1; at >= floor; at--) {
    const byte = bytes[at] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    return at + sequenceLength(byte) > to ? at : to;
  }
  return to;
}

function sequenceLength(lead: number): number {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

/** Tells whether one to three bytes can begin a character (Unicode table 3-7: well-formed byte sequences). */
function isCharacterPrefix(bytes: Uint8Array, at: number, to: number): boolean {
  const lead = bytes[at] ?? 0;
  if (lead < 0xc2 || lead > 0xf4) return false;
  if (to - at === 1) return true;
  const second = bytes[at + 1] ?? 0;
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  // The third byte of a prefix, if there is one, was seen to be a continuation byte when the boundary was sought.
  return second >= lowest && second <= highest;
}
