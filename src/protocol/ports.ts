/**
 * The few things the protocols need from outside. `src/platform` supplies them on Node; tests supply their own.
 * Nothing in `src/protocol` reaches for a clock, a socket or a source of randomness by itself.
 */
export interface ProtocolPorts {
  /** Fills the whole array with cryptographically strong random bytes. */
  readonly fillRandom: (target: Uint8Array) => void;
  /** Base64 of the SHA-1 of `text` taken as Latin-1 (RFC 6455 section 4.2.2). */
  readonly sha1Base64: (text: string) => string;
  /** Tells whether the whole array is valid UTF-8 (RFC 3629: no surrogates, no over-long forms, at most U+10FFFF). */
  readonly isUtf8: (bytes: Uint8Array) => boolean;
}

/** The result of an engine when its input is not what it can work on, or it could not work at all. */
export const ENGINE_FAILED = -1;
/** The result of an engine when there would be more output than the caller wants. */
export const ENGINE_TOO_BIG = -2;
/** The result of an inflater that has worked for as long as it may, and is in the middle of a message. */
export const ENGINE_UNFINISHED = -3;

/**
 * Raw DEFLATE (RFC 1951), a whole message at a call and synchronously. After a negative result an engine is as good
 * as new: it has no history, and the next message is none the worse.
 */
interface RawEngine {
  /** Holds the result of the last call. The next call on any engine overwrites it. */
  readonly output: Buffer;
  /** Lets go of an {@link output} that is too large to be kept for the next message. */
  releaseOutput(): void;
  /** Frees the memory of the engine. It must not be used any more; a shared engine is never closed. */
  close(): void;
}

export interface RawDeflater extends RawEngine {
  /**
   * Compresses `start` to `end` of `bytes` up to a byte boundary, so that the output ends with `00 00 ff ff`. Returns
   * its length, at most `maxBytes`, or a negative result.
   */
  deflate(bytes: Buffer, start: number, end: number, maxBytes: number): number;
}

export interface RawInflater extends RawEngine {
  /**
   * Inflates `start` to `end` of `bytes`, from which `00 00 ff ff` was taken off. Returns the length, at most
   * `maxBytes`, or a negative result; it works out no more than a little beyond `maxBytes` to find out.
   *
   * With `maxMs` it returns {@link ENGINE_UNFINISHED} after about so many milliseconds. Then it is good for
   * {@link resume} alone, until that has another result.
   */
  inflate(bytes: Buffer, start: number, end: number, maxBytes: number, maxMs?: number): number;
  /** Goes on with an unfinished message: `start` to `end` is the input that was left. */
  resume(bytes: Buffer, start: number, end: number, maxBytes: number, maxMs?: number): number;
  /** Bytes of input that an unfinished message has left. */
  readonly inputLeft: number;
  /** Keeps the output of an unfinished message apart from that of others, until it is released. */
  detachOutput(): void;
}

export interface DeflateParams {
  /** 8 to 15: matches reach back this power of two. */
  readonly windowBits: number;
  /** 0 to 9: how much work is put into finding matches. */
  readonly level: number;
  /** 1 to 9: how much memory is put into it. */
  readonly memLevel: number;
}

/** The maker of engines. */
export interface DeflateEngines {
  /** True when engines of one's own can keep their history; if not, no message may refer to one before it. */
  readonly canKeepHistory: boolean;
  /**
   * An engine for messages that stand alone, which everybody uses; so nobody may hold on to it in the middle of one.
   */
  sharedDeflater(params: DeflateParams): RawDeflater;
  sharedInflater(): RawInflater;
  /** The shared inflater, in the middle of a message: it belongs to that one from now on, and is closed behind it. */
  detachInflater(): RawInflater;
  /** An engine of one's own, with its history from message to message. */
  createDeflater(params: DeflateParams): RawDeflater;
  createInflater(windowBits: number): RawInflater;
}
