import { isUtf8 } from 'node:buffer';
import type { WebSocketFrame } from '../../index.ts';

/** The names of RFC 6455 section 11.8. */
const names: ReadonlyMap<number, string> = new Map([
  [0, 'continuation'],
  [1, 'text'],
  [2, 'binary'],
  [8, 'close'],
  [9, 'ping'],
  [10, 'pong'],
]);

const CLOSE = 8;
const BINARY = 2;
/** Of the payload; enough to tell what it is. */
const SHOWN_CHARACTERS = 40;
const SHOWN_BYTES = 16;
/** The longest character of UTF-8. */
const MAX_CHARACTER_BYTES = 4;

/** A frame in words: `frame > text, fin, masked, 5 bytes: "hello"`. It may drive a terminal. */
export function describeFrame(frame: WebSocketFrame): string {
  const { incoming, opcode, fin, compressed, masked, payload } = frame;
  const words = [
    nameOf(opcode),
    ...(fin ? ['fin'] : []),
    ...(compressed ? ['rsv1'] : []),
    ...(masked ? ['masked'] : []),
    `${payload.length} byte${payload.length === 1 ? '' : 's'}`,
  ];
  const content = contentOf(frame);
  return `frame ${incoming ? '<' : '>'} ${words.join(', ')}${content === '' ? '' : `: ${content}`}`;
}

/** A frame for programs. */
export function frameFields(frame: WebSocketFrame): Readonly<Record<string, unknown>> {
  const { incoming, opcode, fin, compressed, masked, payload, wireSize } = frame;
  const { code, reason } = opcode === CLOSE ? readClose(payload) : {};
  return {
    incoming,
    opcode: nameOf(opcode),
    fin,
    compressed,
    masked,
    length: payload.length,
    wireSize,
    ...(opcode === CLOSE ? { code, reason } : { preview: contentOf(frame) }),
  };
}

function nameOf(opcode: number): string {
  return names.get(opcode) ?? `opcode ${opcode}`;
}

/** The beginning of the payload: text in quotes, and bytes in hexadecimal. */
function contentOf({ opcode, compressed, payload }: WebSocketFrame): string {
  if (payload.length === 0) return '';
  if (opcode === CLOSE) {
    const { code, reason } = readClose(payload);
    if (code === undefined) return hex(payload);
    return reason === '' ? `code ${code}` : `code ${code} ${quote(Buffer.from(reason))}`;
  }
  // The rest of a message may be anything: the part of a character, or compressed.
  const isText = opcode !== BINARY && !compressed && (opcode === 1 || isUtf8(payload));
  return isText ? quote(payload) : hex(payload);
}

/** RFC 6455 section 5.5.1. */
function readClose(payload: Buffer): { code: number | undefined; reason: string } {
  if (payload.length < 2) return { code: undefined, reason: '' };
  return { code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2) };
}

function quote(payload: Buffer): string {
  const characters = Array.from(payload.toString('utf8', 0, (SHOWN_CHARACTERS + 1) * MAX_CHARACTER_BYTES));
  const isCut = characters.length > SHOWN_CHARACTERS;
  return `"${characters.slice(0, SHOWN_CHARACTERS).join('')}"${isCut ? '…' : ''}`;
}

function hex(payload: Buffer): string {
  const digits = payload.toString('hex', 0, SHOWN_BYTES).replaceAll(/..(?!$)/g, '$& ');
  return payload.length > SHOWN_BYTES ? `${digits} …` : digits;
}
