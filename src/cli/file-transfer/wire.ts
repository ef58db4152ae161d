/**
 * The language of `ws send`, `ws receive` and `ws transfer` when all of them are ours: texts in JSON, and the
 * content of files in binary messages. docs/cli/transfer.md describes the conversation.
 */

/** Offered as subprotocols, so that a relay of ours knows its clients; no other server need know them. */
export const SENDER_PROTOCOL = 'ixwebsocket.transfer.v2.sender';
export const RECEIVER_PROTOCOL = 'ixwebsocket.transfer.v2.receiver';

/** Every text begins with it, which no text of other programs does. */
const MARK = '{"ixwebsocket.transfer":2,';
/** The first byte of content. The messages of other programs begin with a letter. */
const CONTENT = 0x01;

export const CONTENT_HEADER_BYTES = 29;
const ID_BYTES = 16;
/** A control message is short; whatever is longer is none. */
const MAX_CONTROL_LENGTH = 64 * 1024;
export const MAX_FILES = 1_000_000;
const MAX_NAME_LENGTH = 4096;
const MAX_REASON_LENGTH = 1000;
const MAX_RECEIVERS = 1000;

/** From the relay to both sides, when somebody comes or goes. */
export interface PeersMessage {
  readonly type: 'peers';
  readonly senders: number;
  readonly receivers: number;
  /** Clients of other programs. */
  readonly others: number;
}

/** To the relay alone: the id that the secret makes speaks through this connection. See {@link Identity}. */
export interface ClaimMessage {
  readonly type: 'claim';
  readonly secret: string;
}

/** From a receiver that has connected, or connected again. */
export interface HelloMessage {
  readonly type: 'hello';
  readonly receiver: string;
}

export interface OfferMessage {
  readonly type: 'offer';
  readonly transfer: string;
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
}

export interface AcceptMessage {
  readonly type: 'accept';
  readonly transfer: string;
  readonly receiver: string;
}

/** The receiver does not want the transfer, or cannot go on with it. */
export interface RefuseMessage {
  readonly type: 'refuse';
  readonly transfer: string;
  readonly receiver: string;
  readonly reason: string;
}

/** The next file, or the same once more. Each time has a round of its own, and so has everything that belongs to it. */
export interface FileMessage {
  readonly type: 'file';
  readonly transfer: string;
  readonly round: number;
  readonly index: number;
  /** Relative, with `/` between folders and, for a folder without anything in it, behind. */
  readonly name: string;
  readonly size: number;
}

/** The receiver has so many bytes that may be the beginning of the file, and would like to know. */
export interface HasMessage {
  readonly type: 'has';
  readonly transfer: string;
  readonly receiver: string;
  readonly round: number;
  readonly offset: number;
}

/** SHA-256 of the first `offset` bytes of the file. The receiver compares, so that it need not say what it has. */
export interface PrefixMessage {
  readonly type: 'prefix';
  readonly transfer: string;
  readonly receiver: string;
  readonly round: number;
  readonly offset: number;
  readonly sha256: string;
}

/** The receiver wants the content from there on. */
export interface ReadyMessage {
  readonly type: 'ready';
  readonly transfer: string;
  readonly receiver: string;
  readonly round: number;
  readonly offset: number;
}

/** The offset at which the content begins for each receiver. */
export interface StartMessage {
  readonly type: 'start';
  readonly transfer: string;
  readonly round: number;
  readonly offsets: Readonly<Record<string, number>>;
}

/** The receiver has written everything up to `offset`. */
export interface AckMessage {
  readonly type: 'ack';
  readonly transfer: string;
  readonly receiver: string;
  readonly round: number;
  readonly offset: number;
}

/** The receiver has missed something. */
export interface LostMessage {
  readonly type: 'lost';
  readonly transfer: string;
  readonly receiver: string;
  readonly round: number;
}

export interface EndMessage {
  readonly type: 'end';
  readonly transfer: string;
  readonly round: number;
  readonly sha256: string;
}

/**
 * The outcome for a file; `reason` is empty when it is where it belongs, and then `sha256` is that of what was stored. A
 * folder has none.
 */
export interface ResultMessage {
  readonly type: 'result';
  readonly transfer: string;
  readonly receiver: string;
  readonly round: number;
  readonly isStored: boolean;
  readonly reason: string;
  readonly sha256: string;
}

/** The side that says it is busy, and not gone. */
export interface WorkingMessage {
  readonly type: 'working';
  readonly transfer: string;
  /** Empty from a sender. */
  readonly receiver: string;
}

/** The sender knows that the receiver has everything, or has given up, and says why. */
export interface FinishMessage {
  readonly type: 'finish';
  readonly transfer: string;
  readonly reason: string;
}

export type ControlMessage =
  | PeersMessage
  | ClaimMessage
  | HelloMessage
  | OfferMessage
  | AcceptMessage
  | RefuseMessage
  | FileMessage
  | HasMessage
  | PrefixMessage
  | ReadyMessage
  | StartMessage
  | AckMessage
  | LostMessage
  | EndMessage
  | ResultMessage
  | WorkingMessage
  | FinishMessage;

export type ControlType = ControlMessage['type'];
type MessageOf<T extends ControlType> = Extract<ControlMessage, { type: T }>;

type FieldCheck = (value: unknown) => boolean;
type Fields<M> = { readonly [K in Exclude<keyof M, 'type'>]: FieldCheck };

const isCount: FieldCheck = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const isFlag: FieldCheck = (value) => typeof value === 'boolean';
const isId: FieldCheck = (value) => typeof value === 'string' && /^[0-9a-f]{32}$/.test(value);
const isIdOrEmpty: FieldCheck = (value) => value === '' || isId(value);
const isHash: FieldCheck = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const isHashOrEmpty: FieldCheck = (value) => value === '' || isHash(value);
const isName: FieldCheck = (value) => typeof value === 'string' && value.length <= MAX_NAME_LENGTH;
const isReason: FieldCheck = (value) => typeof value === 'string' && value.length <= MAX_REASON_LENGTH;
const isRound: FieldCheck = (value) => isCount(value) && Number(value) < 2 ** 32;
const isFileCount: FieldCheck = (value) => isCount(value) && Number(value) <= MAX_FILES;
const isOffsets: FieldCheck = (value) =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.keys(value).length <= MAX_RECEIVERS &&
  Object.entries(value).every(([id, offset]) => isId(id) && isCount(offset));

const fieldsOf: { readonly [T in ControlType]: Fields<MessageOf<T>> } = {
  peers: { senders: isCount, receivers: isCount, others: isCount },
  claim: { secret: isId },
  hello: { receiver: isId },
  offer: { transfer: isId, name: isName, files: isFileCount, bytes: isCount },
  accept: { transfer: isId, receiver: isId },
  refuse: { transfer: isId, receiver: isId, reason: isReason },
  file: { transfer: isId, round: isRound, index: isFileCount, name: isName, size: isCount },
  has: { transfer: isId, receiver: isId, round: isRound, offset: isCount },
  prefix: { transfer: isId, receiver: isId, round: isRound, offset: isCount, sha256: isHash },
  ready: { transfer: isId, receiver: isId, round: isRound, offset: isCount },
  start: { transfer: isId, round: isRound, offsets: isOffsets },
  ack: { transfer: isId, receiver: isId, round: isRound, offset: isCount },
  lost: { transfer: isId, receiver: isId, round: isRound },
  end: { transfer: isId, round: isRound, sha256: isHash },
  result: { transfer: isId, receiver: isId, round: isRound, isStored: isFlag, reason: isReason, sha256: isHashOrEmpty },
  working: { transfer: isId, receiver: isIdOrEmpty },
  finish: { transfer: isId, reason: isReason },
};

export function encodeControl(message: ControlMessage): string {
  const short = 'reason' in message ? { ...message, reason: message.reason.slice(0, MAX_REASON_LENGTH) } : message;
  return MARK + JSON.stringify(short).slice(1);
}

/** Reads a text of ours; `undefined` for any other text, and for one in which something is not as it must be. */
export function decodeControl(text: string): ControlMessage | undefined {
  if (!isControl(text) || text.length > MAX_CONTROL_LENGTH) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
  const { type } = value;
  if (typeof type !== 'string' || !Object.hasOwn(fieldsOf, type)) return undefined;
  const checks = Object.entries<FieldCheck>(fieldsOf[type as ControlType]);
  const isValid = checks.every(([name, check]) => check((value as Record<string, unknown>)[name]));
  return isValid ? (value as ControlMessage) : undefined;
}

export function isControl(text: string): boolean {
  return text.startsWith(MARK);
}

export function isContent(bytes: Uint8Array): boolean {
  return bytes.length >= CONTENT_HEADER_BYTES && bytes[0] === CONTENT;
}

/** A piece of a file. */
export interface Content {
  readonly transfer: string;
  readonly round: number;
  readonly offset: number;
  readonly bytes: Buffer;
}

/** Writes what stands before a piece of a file into the first bytes of `buffer`. */
export function writeContentHeader(buffer: Buffer, transfer: string, round: number, offset: number): void {
  buffer[0] = CONTENT;
  buffer.write(transfer, 1, ID_BYTES, 'hex');
  buffer.writeUInt32BE(round, 1 + ID_BYTES);
  buffer.writeBigUInt64BE(BigInt(offset), 5 + ID_BYTES);
}

/** The transfer that a binary message of ours belongs to. */
export function transferOf(content: Buffer): string {
  return content.toString('hex', 1, 1 + ID_BYTES);
}

/** Reads a binary message of ours; `undefined` for any other. */
export function decodeContent(buffer: Buffer): Content | undefined {
  if (!isContent(buffer)) return undefined;
  const offset = buffer.readBigUInt64BE(5 + ID_BYTES);
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return {
    transfer: transferOf(buffer),
    round: buffer.readUInt32BE(1 + ID_BYTES),
    offset: Number(offset),
    bytes: buffer.subarray(CONTENT_HEADER_BYTES),
  };
}
