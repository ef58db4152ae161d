import * as zlib from 'node:zlib';
import {
  type DeflateEngines,
  type DeflateParams,
  ENGINE_FAILED,
  ENGINE_TOO_BIG,
  type RawDeflater,
  type RawInflater,
} from '../protocol/ports.ts';
import { MAX_STREAMS_IN_MESSAGE } from './zlib-engine.ts';

/*
 * Zlib through its documented synchronous functions, for a platform whose handles are not what we know. They begin
 * anew at each call, so there is no history, and they take two to three times as long.
 */

const { Z_SYNC_FLUSH } = zlib.constants;
const EMPTY: Buffer = Buffer.alloc(0);
const TAIL: Buffer = Buffer.from([0x00, 0x00, 0xff, 0xff]);

class OneShotDeflater implements RawDeflater {
  output: Buffer = EMPTY;
  private readonly options: zlib.ZlibOptions;

  constructor({ windowBits, level, memLevel }: DeflateParams) {
    this.options = { windowBits, level, memLevel, finishFlush: Z_SYNC_FLUSH };
  }

  deflate(bytes: Buffer, start: number, end: number, maxBytes: number): number {
    try {
      this.output = zlib.deflateRawSync(bytes.subarray(start, end), this.options);
    } catch {
      return ENGINE_FAILED;
    }
    return this.output.length > maxBytes ? ENGINE_TOO_BIG : this.output.length;
  }

  releaseOutput(): void {
    this.output = EMPTY;
  }

  close(): void {
    this.releaseOutput();
  }
}

/** It has no middle of a message to stop in: the documented functions go on to the end. */
class OneShotInflater implements RawInflater {
  output: Buffer = EMPTY;
  readonly inputLeft = 0;

  inflate(bytes: Buffer, start: number, end: number, maxBytes: number): number {
    let input = Buffer.concat([bytes.subarray(start, end), TAIL]);
    const parts: Buffer[] = [];
    let length = 0;
    for (let streams = 0; input.length > 0; streams++) {
      if (streams > MAX_STREAMS_IN_MESSAGE) return ENGINE_FAILED;
      // Nothing but our own tail is left when the last block had BFINAL set and nothing came behind it.
      if (streams > 0 && input.length === TAIL.length && input.equals(TAIL)) break;
      let used: number;
      try {
        const [part, consumed] = inflateOnce(input, maxBytes + 1 - length);
        used = consumed;
        length += part.length;
        if (part.length > 0) parts.push(part);
      } catch (error) {
        return isTooLarge(error) ? ENGINE_TOO_BIG : ENGINE_FAILED;
      }
      if (length > maxBytes) return ENGINE_TOO_BIG;
      if (used === 0) return ENGINE_FAILED;
      input = input.subarray(used);
    }
    this.output = parts.length === 1 ? (parts[0] ?? EMPTY) : Buffer.concat(parts);
    return length;
  }

  resume(): number {
    return ENGINE_FAILED;
  }

  detachOutput(): void {}

  releaseOutput(): void {
    this.output = EMPTY;
  }

  close(): void {
    this.releaseOutput();
  }
}

/** Inflates one DEFLATE stream, and tells how much of the input belonged to it. */
function inflateOnce(input: Buffer, maxOutputLength: number): [output: Buffer, consumed: number] {
  const options: zlib.ZlibOptions = { finishFlush: Z_SYNC_FLUSH, maxOutputLength, info: true };
  // With `info`, what comes back is an object that the declared type does not know.
  const { buffer, engine } = zlib.inflateRawSync(input, options) as unknown as {
    readonly buffer: Buffer;
    readonly engine: { readonly bytesWritten: number };
  };
  return [buffer, engine.bytesWritten];
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

/** Engines on `deflateRawSync` and `inflateRawSync`. They cannot keep their history. */
export function createFallbackEngines(): DeflateEngines {
  const inflater = new OneShotInflater();
  return {
    canKeepHistory: false,
    sharedDeflater: (params) => new OneShotDeflater(params),
    sharedInflater: () => inflater,
    detachInflater: () => inflater,
    createDeflater: (params) => new OneShotDeflater(params),
    createInflater: () => inflater,
  };
}
