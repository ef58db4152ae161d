const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** No message is longer than this by default, and a stream without line ends could fill all memory. */
const MAX_LINE_BYTES = 1024 ** 3;

/**
 * The lines of a byte stream as bytes, without their line feed and a carriage return before it. Nothing else ends a
 * line: readline would split at U+2028 as well, which JSON may contain. Throws for a line that is too long.
 */
export async function* splitLines(
  input: AsyncIterable<Buffer | string>,
  maxBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<Buffer, void, undefined> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const piece of input) {
    const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece;
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const line = chunk.subarray(start, end);
      start = end + 1;
      yield trimEnd(parts.length === 0 ? line : Buffer.concat([...parts, line]));
      parts = [];
      length = 0;
    }
    if (start === chunk.length) continue;
    parts.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > maxBytes) throw new Error(`a line is longer than ${maxBytes} bytes`);
  }
  if (parts.length > 0) yield trimEnd(Buffer.concat(parts));
}

function trimEnd(line: Buffer): Buffer {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}
