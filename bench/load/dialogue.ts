import type { Deflate } from '../rows.ts';
import { compress, inflate, Ring } from './deflate.ts';
import { FrameCounter } from './frame-counter.ts';
import {
  binaryFirstByte,
  clientFrame,
  compressedFrame,
  compressedTextFirstByte,
  framePayload,
  payloadOf,
  serverFrame,
  textFirstByte,
} from './frames.ts';

/** Takes what a connection receives; returns how many replies ended in it. */
export type CountReplies = (bytes: Buffer, length: number) => number;

/** What is sent and what must come back. One is used for all connections; each keeps the number of its next message. */
export interface Dialogue {
  /** Offered in the opening handshake. */
  readonly extensions: string | undefined;
  checkExtensions(accepted: string): void;
  /** Frames made beforehand, as the bytes of one write; `first` is the number of the first message. */
  batch(first: number, count: number): Buffer;
  /** The number of the message after these. */
  next(first: number, count: number): number;
  createCounter(): CountReplies;
  /** Throws unless the reply to message `number` is what was sent. */
  checkReply(number: number, reply: Buffer): void;
}

interface DialogueOptions {
  readonly size: number;
  readonly binary: boolean;
  /** The most that are sent in one write. */
  readonly inFlight: number;
  readonly deflate?: Deflate | undefined;
}

export function createDialogue(options: DialogueOptions): Dialogue {
  const { size, binary, inFlight, deflate } = options;
  return deflate === undefined
    ? new PlainDialogue(size, binary, inFlight)
    : new DeflateDialogue(size, inFlight, deflate);
}

function checkedBatch(batch: Buffer | undefined): Buffer {
  if (batch === undefined) throw new Error('more replies than messages');
  return batch;
}

/** The same message again and again, and replies of one size. */
class PlainDialogue implements Dialogue {
  readonly extensions = undefined;
  /** At index n, n frames. */
  readonly #batches: readonly Buffer[];
  readonly #reply: Buffer;
  readonly #firstByte: number;

  constructor(size: number, binary: boolean, inFlight: number) {
    const payload = payloadOf(size, binary);
    const frame = clientFrame(payload, binary);
    const all = Buffer.concat(Array.from({ length: inFlight }, () => frame));
    this.#batches = Array.from({ length: inFlight + 1 }, (_, n) => all.subarray(0, n * frame.length));
    this.#reply = serverFrame(payload, binary);
    this.#firstByte = binary ? binaryFirstByte : textFirstByte;
  }

  checkExtensions(accepted: string): void {
    if (accepted !== '') throw new Error(`the server agreed to what was not offered: ${accepted}`);
  }

  batch(_first: number, count: number): Buffer {
    return checkedBatch(this.#batches[count]);
  }

  next(): number {
    return 0;
  }

  /** Dividing counts replies of one size; the first byte of a read that begins a frame is checked. */
  createCounter(): CountReplies {
    const replyBytes = this.#reply.length;
    let partial = 0;
    return (bytes, length) => {
      if (partial === 0 && bytes[0] !== this.#firstByte) throw new Error(`a frame began with ${bytes[0]}`);
      const available = partial + length;
      const count = Math.floor(available / replyBytes);
      partial = available - count * replyBytes;
      return count;
    };
  }

  checkReply(_number: number, reply: Buffer): void {
    if (!reply.equals(this.#reply)) throw new Error('a reply is not what was sent');
  }
}

/** Compressed messages of text; every reply has to be compressed, too, into whatever the server makes of it. */
class DeflateDialogue implements Dialogue {
  readonly extensions = 'permessage-deflate';
  readonly #ring: Ring;
  readonly #deflate: Deflate;
  readonly #frames: Buffer;
  /** Where in `#frames` each message begins. */
  readonly #starts: readonly number[];

  constructor(size: number, inFlight: number, deflate: Deflate) {
    this.#deflate = deflate;
    this.#ring = new Ring(size, deflate);
    // A write may begin at the end of the second time round and go on in the next.
    const frames = Array.from({ length: 2 * this.#ring.length + inFlight }, (_, count) => {
      const number = this.#ring.wrapped(count);
      return compressedFrame(compress(this.#ring.message(number), this.#ring.history(number)));
    });
    let end = 0;
    this.#starts = [0, ...frames.map((frame) => (end += frame.length))];
    this.#frames = Buffer.concat(frames);
  }

  checkExtensions(accepted: string): void {
    const parts = accepted.split(/[;,]/).map((part) => part.trim());
    const isAlone = this.#deflate === 'alone';
    const agrees = ['client_no_context_takeover', 'server_no_context_takeover'].every(
      (name) => parts.includes(name) === isAlone,
    );
    if (parts[0] !== this.extensions || !agrees) throw new Error(`wanted deflate ${this.#deflate}, got "${accepted}"`);
  }

  batch(first: number, count: number): Buffer {
    return checkedBatch(this.#frames.subarray(this.#starts[first], this.#starts[first + count]));
  }

  next(first: number, count: number): number {
    return this.#ring.wrapped(first + count);
  }

  createCounter(): CountReplies {
    const counter = new FrameCounter(compressedTextFirstByte);
    return (bytes, length) => counter.count(bytes, length);
  }

  /** With context takeover this also shows that all replies which are still in the window were right. */
  checkReply(number: number, reply: Buffer): void {
    const message = inflate(framePayload(reply), this.#ring.history(number));
    if (!message.equals(this.#ring.message(number))) throw new Error('a reply is not what was sent');
  }
}
