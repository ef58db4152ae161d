/** Bytes of a representation: the first, and the one behind the last. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** More are answered with the whole file: they are an attack, or cost more than it. */
export const MAX_RANGES = 16;

/** Ranges with less between them are sent as one: the head of a part is longer than that. */
const MERGED_GAP_BYTES = 80;

/** `whole`: there is no range to serve. `unsatisfiable`: 416. */
export type RequestedRanges = readonly ByteRange[] | 'whole' | 'unsatisfiable';

/**
 * The parts that a `Range` asks for (RFC 9110 14.2). One that is malformed, in another unit, or names more than
 * {@link MAX_RANGES} is ignored. Ranges that overlap or nearly touch become one, and then all are in ascending order;
 * else they keep the order in which they were asked for.
 */
export function parseRanges(value: string | undefined, size: number): RequestedRanges {
  if (value === undefined) return 'whole';
  const match = /^bytes=/i.exec(value);
  if (match === null) return 'whole';
  const specifiers = value.slice(match[0].length).split(',', MAX_RANGES + 1);
  if (specifiers.length > MAX_RANGES) return 'whole';
  const ranges: ByteRange[] = [];
  for (const specifier of specifiers) {
    const range = parseRange(specifier.trim(), size);
    if (range === 'malformed') return 'whole';
    if (range !== undefined) ranges.push(range);
  }
  if (ranges.length === 0) return 'unsatisfiable';
  return ranges.length === 1 ? ranges : merge(ranges);
}

/** `undefined` when nothing of the range is there. */
function parseRange(specifier: string, size: number): ByteRange | undefined | 'malformed' {
  const match = /^(\d*)-(\d*)$/.exec(specifier);
  const [, first = '', last = ''] = match ?? [];
  if (first === '') {
    if (last === '') return 'malformed';
    // The last so many bytes; more than there are is all of them.
    const length = Math.min(Number(last), size);
    return length === 0 ? undefined : { start: size - length, end: size };
  }
  // Numbers that are too long for precision are far behind the end of any file.
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'malformed';
  if (start >= size) return undefined;
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) };
}

function merge(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const sorted = ranges.toSorted((a, b) => a.start - b.start);
  const merged: ByteRange[] = [];
  for (const range of sorted) {
    const previous = merged.at(-1);
    if (previous !== undefined && range.start <= previous.end + MERGED_GAP_BYTES) {
      merged[merged.length - 1] = { start: previous.start, end: Math.max(previous.end, range.end) };
    } else merged.push(range);
  }
  return merged.length === ranges.length ? ranges : merged;
}

/** `Content-Range` (RFC 9110 14.4). */
export function formatContentRange({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end - 1}/${size}`;
}
