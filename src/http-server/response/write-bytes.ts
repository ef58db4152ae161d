import { formatChunkHeader } from '../../protocol/http1/message/body-writer.ts';
import type { BatchWriter } from '../../transport/batch-writer.ts';

/** Up to this size bytes are copied behind what is being gathered; longer ones are handed on as they are. */
const MAX_COPIED_BYTES = 8 * 1024;
const CR = 0x0d;
const LF = 0x0a;
const CHUNK_END_LENGTH = 2;
const CHUNK_END: Buffer = Buffer.from('\r\n', 'latin1');

/** The encoders behind `write`, without the detour over the name of an encoding. */
interface BufferEncoders {
  latin1Write(text: string, offset: number, length: number): number;
  utf8Write(text: string, offset: number, length: number): number;
}

/** Writes text in which every character is one octet. */
export function writeText(writer: BatchWriter, text: string): void {
  const { length } = text;
  if (length > writer.maxReserve) {
    writer.writeThrough(Buffer.from(text, 'latin1'));
    return;
  }
  const at = writer.reserve(length);
  encodersOf(writer).latin1Write(text, at, length);
  writer.commit(at + length);
}

/** Writes bytes that nobody changes until they have left. */
export function writeBytes(writer: BatchWriter, bytes: Uint8Array): void {
  const { length } = bytes;
  if (length === 0) return;
  if (length > MAX_COPIED_BYTES) {
    writer.writeThrough(asBuffer(bytes));
    return;
  }
  const at = writer.reserve(length);
  writer.bytes.set(bytes, at);
  writer.commit(at + length);
}

/** Writes a whole response: a head in which every character is one octet, and a body of text that leaves as UTF-8. */
export function writeHeadAndText(writer: BatchWriter, head: string, body: string, bodyLength: number): void {
  const total = head.length + bodyLength;
  if (total > writer.maxWholeReserve) {
    writeText(writer, head);
    writeBytes(writer, Buffer.from(body, 'utf8'));
  } else if (bodyLength === body.length) {
    // As many octets as characters: it is ASCII, and one call writes all of it.
    const at = writer.reserve(total);
    encodersOf(writer).latin1Write(head + body, at, total);
    writer.commit(at + total);
  } else {
    const at = writer.reserve(total);
    const encoders = encodersOf(writer);
    encoders.latin1Write(head, at, head.length);
    encoders.utf8Write(body, at + head.length, bodyLength);
    writer.commit(at + total);
  }
}

/** Writes a whole response: a head in which every character is one octet, and bytes that nobody changes. */
export function writeHeadAndBytes(writer: BatchWriter, head: string, body: Uint8Array): void {
  const total = head.length + body.length;
  if (total > writer.maxWholeReserve) {
    writeText(writer, head);
    writeBytes(writer, body);
    return;
  }
  const at = writer.reserve(total);
  encodersOf(writer).latin1Write(head, at, head.length);
  writer.bytes.set(body, at + head.length);
  writer.commit(at + total);
}

/** Writes one chunk of a chunked body (RFC 9112 7.1); `bytes` are some. */
export function writeChunk(writer: BatchWriter, bytes: Uint8Array): void {
  const header = formatChunkHeader(bytes.length);
  if (bytes.length > MAX_COPIED_BYTES) {
    writeText(writer, header);
    writer.writeThrough(asBuffer(bytes));
    writeBytes(writer, CHUNK_END);
    return;
  }
  const at = writer.reserve(header.length + bytes.length + CHUNK_END_LENGTH);
  const out = writer.bytes;
  encodersOf(writer).latin1Write(header, at, header.length);
  const dataAt = at + header.length;
  out.set(bytes, dataAt);
  const end = dataAt + bytes.length;
  out[end] = CR;
  out[end + 1] = LF;
  writer.commit(end + CHUNK_END_LENGTH);
}

function encodersOf(writer: BatchWriter): BufferEncoders {
  return writer.bytes as Buffer & BufferEncoders;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
