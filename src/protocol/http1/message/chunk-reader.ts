import { HeadReader } from '../head/head-reader.ts';
import type { HttpHeaders } from '../headers.ts';
import { isFieldByte, isTokenByte } from '../tokens.ts';
import { hasForbiddenTrailer } from '../trailers.ts';
import { type MessageFailure, type MessageFailureCode, messageFailure } from './message-failure.ts';
import { defaultMessageLimits, type MessageLimits } from './message-limits.ts';

// Phases, named by what the next byte may be.
const FIRST_DIGIT = 0;
const DIGITS = 1;
const EXTENSION_NAME_START = 2;
const EXTENSION_NAME = 3;
const EXTENSION_NAME_SPACE = 4;
const EXTENSION_VALUE_START = 5;
const EXTENSION_TOKEN = 6;
const EXTENSION_QUOTED = 7;
const EXTENSION_ESCAPED = 8;
const EXTENSION_END = 9;
const EXTENSION_END_SPACE = 10;
const LINE_LF = 11;
const DATA_CR = 12;
const DATA_LF = 13;
const TRAILERS_START = 14;
const END_LF = 15;
const TRAILERS = 16;
const COMPLETE = 17;

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const QUOTE = 0x22;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;

/** Digits of a chunk size, leading zeros among them. 2^53 - 1 has 14. */
const MAX_SIZE_DIGITS = 16;

/**
 * Reads what is not data in a chunked body: the lines with sizes, the line ends after the data, and the trailers
 * (RFC 9112 7.1). The data itself is its owner's: as long as `remaining` is above 0, the next bytes are data, and the
 * owner subtracts what it takes.
 *
 * A size is hexadecimal digits at the start of a line, with nothing between them and the CRLF or semicolon: white space
 * around a number is what programs disagree about. Extensions are checked and ignored.
 */
export class ChunkReader {
  /** Bytes of data that come next. */
  remaining = 0;
  /** The fields after the last chunk, once it is complete; `undefined` when there were none. */
  trailers: HttpHeaders | undefined = undefined;
  failure: MessageFailure | undefined = undefined;

  private readonly limits: MessageLimits;
  private phase = FIRST_DIGIT;
  private size = 0;
  private digits = 0;
  private lineBytes = 0;
  private extensionBytes = 0;
  private trailerReader: HeadReader<'trailers'> | undefined = undefined;

  constructor(limits: MessageLimits = defaultMessageLimits) {
    this.limits = limits;
  }

  get isComplete(): boolean {
    return this.phase === COMPLETE;
  }

  /** Makes the reader ready for the next body. */
  reset(): void {
    this.remaining = 0;
    this.trailers = undefined;
    this.failure = undefined;
    this.phase = FIRST_DIGIT;
    this.size = 0;
    this.digits = 0;
    this.lineBytes = 0;
    this.extensionBytes = 0;
    this.trailerReader?.reset();
  }

  /**
   * Reads from `buffer[start]` up to `end`, or up to data, the end of the body, or a failure. Returns the offset of the
   * first byte that was not consumed.
   */
  read(buffer: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end) {
      if (this.phase === TRAILERS) return this.readTrailers(buffer, at, end);
      const byte = buffer[at] as number;
      const problem = this.phase <= LINE_LF ? this.readLine(byte) : this.readEnd(byte);
      if (problem !== undefined) {
        this.failure = messageFailure(problem);
        return at;
      }
      if (this.phase === TRAILERS) continue;
      at++;
      if (this.remaining > 0 || this.phase === COMPLETE) return at;
    }
    return at;
  }

  /** `chunk-size [ chunk-ext ] CRLF` */
  private readLine(byte: number): MessageFailureCode | undefined {
    if (this.phase === LINE_LF) return byte === LF ? this.endLine() : 'bareCarriageReturn';
    if (byte === LF) return 'bareLineFeed';
    if (byte === CR) return this.endOfLine();
    if (++this.lineBytes > this.limits.maxChunkLineBytes) return 'chunkLineTooLong';
    return this.phase <= DIGITS ? this.readSize(byte) : this.readExtension(byte);
  }

  private readSize(byte: number): MessageFailureCode | undefined {
    const value = hexValue(byte);
    if (value < 0) {
      if (byte !== SEMICOLON || this.phase === FIRST_DIGIT) return 'invalidChunkSize';
      this.phase = EXTENSION_NAME_START;
      return this.countExtension();
    }
    this.phase = DIGITS;
    if (++this.digits > MAX_SIZE_DIGITS) return 'invalidChunkSize';
    this.size = this.size * 16 + value;
    return this.size > Number.MAX_SAFE_INTEGER ? 'invalidChunkSize' : undefined;
  }

  /** RFC 9112 7.1.1: `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`, but for the first BWS. */
  private readExtension(byte: number): MessageFailureCode | undefined {
    const next = nextExtensionPhase(this.phase, byte);
    if (next < 0) return 'invalidChunkExtension';
    this.phase = next;
    return this.countExtension();
  }

  private countExtension(): MessageFailureCode | undefined {
    return ++this.extensionBytes > this.limits.maxChunkExtensionBytes ? 'chunkExtensionsTooLarge' : undefined;
  }

  private endOfLine(): MessageFailureCode | undefined {
    const { phase } = this;
    if (phase === FIRST_DIGIT) return 'invalidChunkSize';
    const isWhole =
      phase === DIGITS || phase === EXTENSION_NAME || phase === EXTENSION_TOKEN || phase === EXTENSION_END;
    if (!isWhole) return 'invalidChunkExtension';
    this.phase = LINE_LF;
    return undefined;
  }

  private endLine(): undefined {
    this.remaining = this.size;
    this.phase = this.size === 0 ? TRAILERS_START : DATA_CR;
    this.size = 0;
    this.digits = 0;
    this.lineBytes = 0;
  }

  /** The line end after data, or the empty line that ends the body. */
  private readEnd(byte: number): MessageFailureCode | undefined {
    switch (this.phase) {
      case DATA_CR:
        if (byte !== CR) return byte === LF ? 'bareLineFeed' : 'invalidChunkEnd';
        this.phase = DATA_LF;
        return undefined;
      case DATA_LF:
        if (byte !== LF) return 'bareCarriageReturn';
        this.phase = FIRST_DIGIT;
        return undefined;
      case TRAILERS_START:
        this.phase = byte === CR ? END_LF : TRAILERS;
        return undefined;
      default: // END_LF
        if (byte !== LF) return 'bareCarriageReturn';
        this.phase = COMPLETE;
        return undefined;
    }
  }

  private readTrailers(buffer: Buffer, start: number, end: number): number {
    this.trailerReader ??= new HeadReader('trailers', {
      maxHeadBytes: this.limits.maxTrailerBytes,
      maxHeaders: this.limits.maxTrailers,
    });
    const reader = this.trailerReader;
    const at = reader.read(buffer, start, end);
    if (reader.failure !== undefined) {
      this.failure = reader.failure.status === 431 ? messageFailure('trailersTooLarge') : reader.failure;
    } else if (reader.head !== undefined) {
      if (hasForbiddenTrailer(reader.head)) this.failure = messageFailure('forbiddenTrailer');
      else this.trailers = reader.head;
      this.phase = COMPLETE;
    }
    return at;
  }
}

/** The phase after `byte` in a chunk extension, or -1 when it may not stand there. */
function nextExtensionPhase(phase: number, byte: number): number {
  switch (phase) {
    case EXTENSION_NAME_START:
      if (isTokenByte(byte)) return EXTENSION_NAME;
      return isSpace(byte) ? EXTENSION_NAME_START : -1;
    case EXTENSION_NAME:
      return isTokenByte(byte) ? EXTENSION_NAME : phaseBehindName(byte);
    case EXTENSION_NAME_SPACE:
      return phaseBehindName(byte);
    case EXTENSION_VALUE_START:
      if (isTokenByte(byte)) return EXTENSION_TOKEN;
      if (byte === QUOTE) return EXTENSION_QUOTED;
      return isSpace(byte) ? EXTENSION_VALUE_START : -1;
    case EXTENSION_TOKEN:
      return isTokenByte(byte) ? EXTENSION_TOKEN : phaseBehindValue(byte);
    case EXTENSION_QUOTED:
      if (byte === QUOTE) return EXTENSION_END;
      if (byte === BACKSLASH) return EXTENSION_ESCAPED;
      return isFieldByte(byte) ? EXTENSION_QUOTED : -1;
    case EXTENSION_ESCAPED:
      return isFieldByte(byte) ? EXTENSION_QUOTED : -1;
    default: // EXTENSION_END, EXTENSION_END_SPACE
      return phaseBehindValue(byte);
  }
}

function phaseBehindName(byte: number): number {
  if (byte === EQUALS) return EXTENSION_VALUE_START;
  if (byte === SEMICOLON) return EXTENSION_NAME_START;
  return isSpace(byte) ? EXTENSION_NAME_SPACE : -1;
}

function phaseBehindValue(byte: number): number {
  if (byte === SEMICOLON) return EXTENSION_NAME_START;
  return isSpace(byte) ? EXTENSION_END_SPACE : -1;
}

/** RFC 9110 5.6.3: BWS is to be read past. It must be followed by more of the extensions, so it ends no line. */
function isSpace(byte: number): boolean {
  return byte === SP || byte === HTAB;
}

function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
