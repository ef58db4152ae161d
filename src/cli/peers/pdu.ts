/**
 * The messages that `send`, `receive` and `chat` exchange: one binary WebSocket message of lines with a name and a
 * value in hexadecimal. Other programs speak this format, so every byte of it matters.
 */
export type PduFields = Readonly<Record<string, string | Uint8Array>>;

/** The fields of a message. One that is missing reads as empty, so use {@link pduText} for text. */
export type Pdu = ReadonlyMap<string, Buffer>;

const LINE_FEED = 0x0a;
const SPACE = 0x20;
/** Bytes turned into hexadecimal at a time: twice as many characters are alive meanwhile. */
const PIECE_BYTES = 64 * 1024;

/** Writes fields in ascending order of the bytes of their names, which is the order that other programs write. */
export function encodePdu(fields: PduFields): Buffer {
  const lines = inOrder(Object.entries(fields)).map(([name, value]) => `${name} ${toBuffer(value).toString('hex')}\n`);
  return Buffer.from(lines.join(''), 'utf8');
}

/** A field whose value is too large for memory: its bytes come one piece after the other. */
export interface StreamedField {
  readonly name: string;
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** Like {@link encodePdu}, piece by piece and with one more field, in memory that does not depend on its size. */
export async function* encodePduPieces(fields: PduFields, streamed: StreamedField): AsyncGenerator<Buffer> {
  for (const [name, value] of inOrder([...Object.entries(fields), [streamed.name, undefined] as const])) {
    yield Buffer.from(`${name} `, 'utf8');
    if (value === undefined) {
      for await (const bytes of streamed.pieces) yield* hexPieces(bytes);
    } else {
      yield* hexPieces(toBuffer(value));
    }
    yield Buffer.from('\n', 'utf8');
  }
}

/** The number of bytes that {@link encodePduPieces} makes of a streamed field of `streamedBytes`. */
export function pduLength(fields: PduFields, streamedName: string, streamedBytes: number): number {
  return encodePdu(fields).length + Buffer.byteLength(streamedName) + 2 + 2 * streamedBytes;
}

/**
 * Reads a message. Empty lines are skipped, the last line feed may be missing, and of fields of the same name the last
 * one counts.
 *
 * @returns `undefined` for everything that is not in this format
 */
export function decodePdu(bytes: Uint8Array): Pdu | undefined {
  const buffer = toBuffer(bytes);
  const pdu = new Map<string, Buffer>();
  for (let start = 0; start < buffer.length; ) {
    const found = buffer.indexOf(LINE_FEED, start);
    const end = found === -1 ? buffer.length : found;
    if (end > start && !readLine(buffer.subarray(start, end), pdu)) return undefined;
    start = end + 1;
  }
  return pdu;
}

/** The text of a field, empty when it is missing. What is not UTF-8 in it is replaced by U+FFFD. */
export function pduText(pdu: Pdu, name: string): string {
  return pdu.get(name)?.toString('utf8') ?? '';
}

function readLine(line: Buffer, pdu: Map<string, Buffer>): boolean {
  const space = line.indexOf(SPACE);
  if (space === -1) return false;
  const length = line.length - space - 1;
  if (length % 2 !== 0) return false;
  // Decoding stops at the first character that is no hexadecimal digit, which shows in the length.
  // In pieces, since the whole as text would double the memory.
  const value = Buffer.allocUnsafeSlow(length / 2);
  for (let from = 0; from < value.length; from += PIECE_BYTES) {
    const to = Math.min(value.length, from + PIECE_BYTES);
    const hex = line.toString('latin1', space + 1 + 2 * from, space + 1 + 2 * to);
    if (value.write(hex, from, 'hex') !== to - from) return false;
  }
  pdu.set(line.toString('utf8', 0, space), value);
  return true;
}

function* hexPieces(bytes: Uint8Array): Generator<Buffer> {
  const buffer = toBuffer(bytes);
  for (let start = 0; start < buffer.length; start += PIECE_BYTES) {
    yield Buffer.from(buffer.toString('hex', start, Math.min(buffer.length, start + PIECE_BYTES)), 'latin1');
  }
}

function inOrder<T extends readonly [name: string, value: unknown]>(entries: readonly T[]): T[] {
  return entries.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function toBuffer(value: string | Uint8Array): Buffer {
  return typeof value === 'string'
    ? Buffer.from(value, 'utf8')
    : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
