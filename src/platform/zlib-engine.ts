import * as zlib from 'node:zlib';
import {
  type DeflateEngines,
  type DeflateParams,
  ENGINE_FAILED,
  ENGINE_TOO_BIG,
  ENGINE_UNFINISHED,
  type RawDeflater,
  type RawInflater,
} from '../protocol/ports.ts';
import { assert } from '../util/assert.ts';
import { deflaterOutput, type EngineOutput, inflaterOutput } from './engine-output.ts';

/*
 * Zlib without streams. A stream of Node's hands each message to a thread and back, which costs ten times the work
 * for a short one. The native handle inside of it has a synchronous call that works on buffers of ours:
 * 123 bytes of JSON take 3.2 µs with history and 5.4 without, inflating them 1.6 (Node 20.20; deflateRawSync 12,
 * inflateRawSync 4.6).
 *
 * The handle is not documented. All that is known of it is in this file, `zlib-self-test.ts` tries it out before it is
 * used, and `zlib-fallback.ts` does without. What must be kept in mind:
 * - Offsets out of bounds, and any call on a closed handle, abort the process: both are checked here.
 * - The original `onerror` destroys the stream, and raises an `error` event that would end the process.
 * - What a call left over is in the stream's `_writeState`, but not after an error, when it holds what was before.
 * - At the end of a DEFLATE stream (BFINAL) the handle takes no more input, without a word, until it is reset.
 */

/** The handle inside of a zlib stream, as Node 20 to 26 have it. */
interface NativeHandle {
  onerror: (message: string, errno: number, code: string) => void;
  writeSync(
    flush: number,
    input: Buffer,
    inputOffset: number,
    inputLength: number,
    output: Buffer,
    outputOffset: number,
    outputLength: number,
  ): void;
  reset(): void;
  close(): void;
}

interface StreamInternals {
  readonly _handle?: Partial<NativeHandle>;
  readonly _writeState?: unknown;
}

/** Output is asked for in steps of this size, so that a limit is passed by this much at the most. */
const STEP_BYTES = 16 * 1024;

/**
 * Input is given in steps of this size, so that a bound on time is passed by about 5 ms at the most: DEFLATE blocks of
 * 16 bytes that stand for nothing take 324 ms a MiB.
 */
const INPUT_STEP_BYTES = 16 * 1024;

/** Every message that is inflated gets them back (RFC 7692 section 7.2.2). */
const TAIL: Buffer = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/**
 * DEFLATE streams that may end within one message. Two bytes can be a whole one, so that without a limit a message
 * could hold millions; no encoder makes more than one or two.
 */
export const MAX_STREAMS_IN_MESSAGE = 65_536;

const { Z_SYNC_FLUSH } = zlib.constants;
/** The stream's own buffer is not used; this is the smallest that Node allows. */
const chunkSize = zlib.constants.Z_MIN_CHUNK;

/** One zlib handle, and the checks that keep it from ending the process. */
class ZlibHandle {
  private native: NativeHandle | undefined;
  private readonly writeState: Uint32Array;
  private hasFailed = false;

  constructor(stream: zlib.DeflateRaw | zlib.InflateRaw) {
    const { _handle: native, _writeState: writeState } = stream as StreamInternals;
    assert(isNativeHandle(native), 'this zlib stream has no handle of the known form');
    assert(writeState instanceof Uint32Array && writeState.length === 2, 'this zlib stream has no state we know');
    native.onerror = () => {
      this.hasFailed = true;
    };
    this.native = native;
    this.writeState = writeState;
  }

  /** Bytes of room that the last {@link write} has left. */
  get outputLeft(): number {
    return this.writeState[0] as number;
  }

  /** Bytes of input that the last {@link write} has left. */
  get inputLeft(): number {
    return this.writeState[1] as number;
  }

  /** Works until the input is used up or the output is full; false when the data is invalid, or memory is short. */
  // oxlint-disable-next-line max-params -- an object for them would be garbage with each message
  write(input: Buffer, inputStart: number, inputEnd: number, output: Buffer, outputAt: number, room: number): boolean {
    const { native } = this;
    assert(native !== undefined, 'this engine is closed');
    assert(ArrayBuffer.isView(input) && isRange(inputStart, inputEnd, input.length), 'input out of bounds');
    assert(room > 0 && isRange(outputAt, outputAt + room, output.length), 'output out of bounds');
    this.hasFailed = false;
    native.writeSync(Z_SYNC_FLUSH, input, inputStart, inputEnd - inputStart, output, outputAt, room);
    return !this.hasFailed;
  }

  /** Forgets the history, and an error. */
  reset(): void {
    assert(this.native !== undefined, 'this engine is closed');
    this.native.reset();
  }

  /** Frees the memory now; the garbage collector would do it at some time. */
  close(): void {
    const { native } = this;
    this.native = undefined;
    native?.close();
  }
}

function isNativeHandle(handle: Partial<NativeHandle> | undefined): handle is NativeHandle {
  return (
    handle !== undefined &&
    typeof handle.writeSync === 'function' &&
    typeof handle.reset === 'function' &&
    typeof handle.close === 'function' &&
    typeof handle.onerror === 'function'
  );
}

function isRange(start: number, end: number, length: number): boolean {
  return Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= length;
}

class ZlibDeflater implements RawDeflater {
  private readonly handle: ZlibHandle;
  private readonly keepsHistory: boolean;

  constructor(params: DeflateParams, keepsHistory: boolean) {
    const { windowBits, level, memLevel } = params;
    this.handle = new ZlibHandle(zlib.createDeflateRaw({ windowBits, level, memLevel, chunkSize }));
    this.keepsHistory = keepsHistory;
  }

  get output(): Buffer {
    return deflaterOutput.bytes;
  }

  releaseOutput(): void {
    deflaterOutput.release();
  }

  deflate(bytes: Buffer, start: number, end: number, maxBytes: number): number {
    if (!this.keepsHistory) this.handle.reset();
    const length = this.work(bytes, start, end, maxBytes);
    if (length < 0) this.handle.reset();
    return length;
  }

  close(): void {
    this.handle.close();
  }

  private work(bytes: Buffer, start: number, end: number, maxBytes: number): number {
    const { handle } = this;
    let length = 0;
    for (let at = start; ; at = end - handle.inputLeft) {
      const room = Math.min(STEP_BYTES, maxBytes + 1 - length);
      deflaterOutput.reserve(length, room, maxBytes + 1);
      if (!handle.write(bytes, at, end, deflaterOutput.bytes, length, room)) return ENGINE_FAILED;
      length += room - handle.outputLeft;
      if (length > maxBytes) return ENGINE_TOO_BIG;
      // With room left the flush is complete; a full output may have more behind it.
      if (handle.outputLeft > 0) return handle.inputLeft === 0 ? length : ENGINE_FAILED;
    }
  }
}

class ZlibInflater implements RawInflater {
  private readonly handle: ZlibHandle;
  private readonly keepsHistory: boolean;
  private out: EngineOutput = inflaterOutput;
  private length = 0;
  private endedStreams = 0;
  inputLeft = 0;

  constructor(windowBits: number, keepsHistory: boolean) {
    this.handle = new ZlibHandle(zlib.createInflateRaw({ windowBits, chunkSize }));
    this.keepsHistory = keepsHistory;
  }

  get output(): Buffer {
    return this.out.bytes;
  }

  detachOutput(): void {
    this.out = inflaterOutput.detach();
  }

  releaseOutput(): void {
    if (this.out === inflaterOutput) inflaterOutput.release();
    else this.out = inflaterOutput;
  }

  inflate(bytes: Buffer, start: number, end: number, maxBytes: number, maxMs = Number.POSITIVE_INFINITY): number {
    if (!this.keepsHistory) this.handle.reset();
    this.length = 0;
    this.endedStreams = 0;
    return this.resume(bytes, start, end, maxBytes, maxMs);
  }

  resume(bytes: Buffer, start: number, end: number, maxBytes: number, maxMs = Number.POSITIVE_INFINITY): number {
    let result = this.feed(bytes, start, end, maxBytes, maxMs);
    if (result === 0) result = this.feed(TAIL, 0, TAIL.length, maxBytes, Number.POSITIVE_INFINITY);
    if (result === 0) return this.length;
    if (result !== ENGINE_UNFINISHED) this.handle.reset();
    return result;
  }

  close(): void {
    this.handle.close();
  }

  /** Inflates all of it; 0, or a negative result. */
  private feed(bytes: Buffer, start: number, end: number, maxBytes: number, maxMs: number): number {
    const { handle, out } = this;
    let at = start;
    let dueMs = 0;
    for (;;) {
      const stepEnd = Math.min(end, at + INPUT_STEP_BYTES);
      const room = Math.min(STEP_BYTES, maxBytes + 1 - this.length);
      out.reserve(this.length, room, maxBytes + 1);
      if (!handle.write(bytes, at, stepEnd, out.bytes, this.length, room)) return ENGINE_FAILED;
      this.length += room - handle.outputLeft;
      if (this.length > maxBytes) return ENGINE_TOO_BIG;
      at = stepEnd - handle.inputLeft;
      // A full output may have more behind it.
      if (handle.outputLeft > 0) {
        if (handle.inputLeft > 0) {
          // Room and input are left: the last block had BFINAL set. What follows is another stream, without history.
          handle.reset();
          if (++this.endedStreams > MAX_STREAMS_IN_MESSAGE) return ENGINE_FAILED;
          // RFC 7692 section 7.2.3.5 puts a byte between such a block and the tail; some encoders leave it out.
          if (bytes === TAIL && handle.inputLeft === TAIL.length) return 0;
        } else if (at === end) return 0;
      }
      // The clock is looked at by messages of more than one step alone.
      if (maxMs === Number.POSITIVE_INFINITY) continue;
      const nowMs = performance.now();
      if (dueMs === 0) dueMs = nowMs + maxMs;
      else if (nowMs >= dueMs) {
        this.inputLeft = end - at;
        return ENGINE_UNFINISHED;
      }
    }
  }
}

/** Engines on zlib handles. Throws where Node's zlib does not have what they need. */
export function createZlibEngines(): DeflateEngines {
  const deflaters = new Map<number, RawDeflater>();
  let inflater: RawInflater | undefined;
  // The largest window: what was compressed for a smaller one can be inflated with it.
  const sharedInflater = (): RawInflater => (inflater ??= new ZlibInflater(15, false));
  return {
    canKeepHistory: true,
    sharedDeflater(params) {
      const key = (params.windowBits * 16 + params.memLevel) * 16 + params.level;
      let deflater = deflaters.get(key);
      if (deflater === undefined) {
        deflater = new ZlibDeflater(params, false);
        deflaters.set(key, deflater);
      }
      return deflater;
    },
    sharedInflater,
    detachInflater() {
      const detached = sharedInflater();
      inflater = undefined;
      return detached;
    },
    createDeflater: (params) => new ZlibDeflater(params, true),
    createInflater: (windowBits) => new ZlibInflater(windowBits, true),
  };
}
