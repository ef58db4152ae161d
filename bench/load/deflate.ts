import { randomInt } from 'node:crypto';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

import type { Deflate } from '../rows.ts';

/** The farthest that a compressed message may refer back: the largest window (RFC 7692, section 7.1.2). */
const windowBytes = 32 * 1024;

/** What the sync flush after each message ends with; it is left out on the wire (RFC 7692, section 7.2.1). */
const tail = Buffer.from([0x00, 0x00, 0xff, 0xff]);

function zlibOptions(history: Buffer): { finishFlush: number; dictionary?: Buffer } {
  const finishFlush = constants.Z_SYNC_FLUSH;
  return history.length === 0 ? { finishFlush } : { finishFlush, dictionary: history };
}

export function compress(message: Buffer, history: Buffer): Buffer {
  const bytes = deflateRawSync(message, zlibOptions(history));
  if (!bytes.subarray(-tail.length).equals(tail)) throw new Error('a compressed message has no tail');
  return bytes.subarray(0, -tail.length);
}

export function inflate(payload: Buffer, history: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([payload, tail]), zlibOptions(history));
}

const recordBytes = 100;

/** A line of JSON: keys that come again and values that do not, as in most of what is sent over WebSockets. */
function record(): string {
  const text = JSON.stringify({
    id: randomInt(1e8, 1e9),
    pair: ['BTC-EUR', 'ETH-EUR', 'EUR-USD', 'SOL-USD'][randomInt(4)],
    side: ['buy', 'sell'][randomInt(2)],
    price: randomInt(1e6, 1e7) / 100,
    size: randomInt(1e5) / 1000,
    at: 1_750_000_000_000 + randomInt(1e9),
  });
  return `${text.padEnd(recordBytes - 1)}\n`;
}

/**
 * The messages of one run, sent round and round. Together they are longer than any window: what a message refers back
 * to is never the same message of the time before.
 */
export class Ring {
  readonly length: number;
  readonly #messageBytes: number;
  readonly #keepsHistory: boolean;
  /** Two times round, so that the history of every message of the second lies before it. */
  readonly #text: Buffer;

  constructor(messageBytes: number, deflate: Deflate) {
    const records = messageBytes / recordBytes;
    if (!Number.isInteger(records)) throw new Error(`messages are made of records of ${recordBytes} bytes`);
    this.length = Math.ceil((1.5 * windowBytes) / messageBytes);
    this.#messageBytes = messageBytes;
    this.#keepsHistory = deflate === 'takeover';
    const round = Buffer.from(Array.from({ length: this.length * records }, record).join(''));
    this.#text = Buffer.concat([round, round]);
  }

  /** Message numbers go on counting after the first round; see {@link wrapped}. */
  message(number: number): Buffer {
    const end = (number + 1) * this.#messageBytes;
    return this.#text.subarray(end - this.#messageBytes, end);
  }

  /** What sender and receiver remember before that message; nothing, when each is compressed by itself. */
  history(number: number): Buffer {
    if (!this.#keepsHistory) return Buffer.alloc(0);
    const end = number * this.#messageBytes;
    return this.#text.subarray(Math.max(0, end - windowBytes), end);
  }

  /** Only the first round has messages with less history than a full window; every later one is like the second. */
  wrapped(number: number): number {
    return number < 2 * this.length ? number : this.length + (number % this.length);
  }
}
