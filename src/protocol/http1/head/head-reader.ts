import type { HttpHeaders } from '../headers.ts';
import { isTokenByte, skipFieldBytes, skipTargetBytes, skipTokenBytes } from '../tokens.ts';
import { sliceTrailers } from './field-section.ts';
import { type HeadFailure, type HeadFailureCode, headFailure } from './head-failure.ts';
import { defaultHeadLimits, type HeadLimits } from './head-limits.ts';
import { isCurrentVersion, VERSION_LENGTH, versionFailure } from './http-version.ts';
import {
  fieldStartFailure,
  firstByteFailure,
  isTlsRecord,
  nameFailure,
  orBareLineFeed,
  requestLineFailure,
} from './illegal-byte.ts';
import { PartialBytes } from './partial-bytes.ts';
import { type RequestHead, sliceRequestHead } from './request-head.ts';
import { type ResponseHead, sliceResponseHead } from './response-head.ts';

/** The head of a message of each role. */
export interface HeadOf {
  request: RequestHead;
  response: ResponseHead;
}

/** The result of a reader of each role. */
export interface SectionOf extends HeadOf {
  trailers: HttpHeaders;
}

type Slicers = {
  [R in keyof SectionOf]: (text: string, marks: readonly number[], count: number) => SectionOf[R] | HeadFailure;
};
const slicers: Slicers = { request: sliceRequestHead, response: sliceResponseHead, trailers: sliceTrailers };

// Phases, named by what the next byte may be. Plain constants, so that the switches become jump tables; in the order of
// the three methods.
const REQUEST_START = 0;
const EMPTY_LINE_LF = 1;
const METHOD = 2;
const TARGET = 3;
const REQUEST_VERSION = 4;
const REQUEST_LINE_CR = 5;
const FIRST_STATUS_PHASE = 6;
const RESPONSE_START = 6;
const RESPONSE_VERSION = 7;
const STATUS = 8;
const REASON = 9;
const FIRST_FIELD_PHASE = 10;
const LINE_LF = 10;
const FIELD_START = 11;
const NAME = 12;
const VALUE = 13;
const END_LF = 14;
const COMPLETE = 15;

/** The phase that each role begins with. */
const FIRST_PHASE = { request: REQUEST_START, response: RESPONSE_START, trailers: FIELD_START };

const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const COLON = 0x3a;
const DIGIT_0 = 0x30;

const STATUS_LENGTH = 3;
const CRLF_LENGTH = 2;

/**
 * Reads the head of one HTTP/1.x message, or the trailers behind its body, strictly, from bytes that arrive in any
 * pieces (RFC 9112 2 to 5, 7.1.2).
 *
 * Every byte is looked at once and refused the moment it cannot belong to a valid head: bare CR or LF, NUL and other
 * controls, space before a colon, folded lines, anything over a limit. There is no lenient mode. It keeps no reference
 * to the chunks it is given; a head that lies in one chunk is not copied before it is cut into strings. After a
 * failure every further byte is discarded.
 */
export class HeadReader<R extends keyof SectionOf> {
  state: 'reading' | 'complete' | 'failed' = 'reading';
  /** The head, once the state is `complete`. */
  head: SectionOf[R] | undefined = undefined;
  /** Why it was refused, once the state is `failed`. */
  failure: HeadFailure | undefined = undefined;

  private readonly role: R;
  private readonly limits: HeadLimits;
  private phase: number;
  /** The failure that the last step found. */
  private problem: HeadFailureCode | undefined = undefined;
  /** The bytes of this head that came in earlier chunks. */
  private readonly pending = new PartialBytes();
  /** Offset of the line being read from the start of the head. */
  private lineStart = 0;
  /** Bytes of the version or the status that have matched. */
  private matched = 0;
  /** The digits of the status that were read. */
  private statusSoFar = 0;
  private headerCount = 0;
  private readonly marks: number[] = [];
  private markCount = 0;

  constructor(role: R, limits: HeadLimits = defaultHeadLimits) {
    this.role = role;
    this.phase = FIRST_PHASE[role];
    this.limits = limits;
  }

  /** Tells whether any byte of this head has arrived; the empty line that may stand before a request is none. */
  get hasStarted(): boolean {
    return this.phase !== EMPTY_LINE_LF && (this.phase !== FIRST_PHASE[this.role] || this.state !== 'reading');
  }

  /** The status of a response once its three digits are there, whatever becomes of the rest of the head; else 0. */
  get status(): number {
    return this.statusSoFar < 100 ? 0 : this.statusSoFar;
  }

  /** Makes the reader ready for the next head of the same connection. */
  reset(): void {
    this.state = 'reading';
    this.head = undefined;
    this.failure = undefined;
    this.statusSoFar = 0;
    this.phase = FIRST_PHASE[this.role];
    this.problem = undefined;
    this.lineStart = 0;
    this.matched = 0;
    this.headerCount = 0;
    this.markCount = 0;
    this.pending.clear();
  }

  /**
   * Reads from `chunk[start]` up to `end`. When the head completes, returns the offset just past it; otherwise all
   * bytes are consumed and `end` is returned. A complete reader consumes nothing until it is reset.
   */
  read(chunk: Buffer, start: number, end: number): number {
    if (this.state !== 'reading') return this.state === 'complete' ? start : end;
    // The beginning of the head in this chunk's numbering: negative when that was in an earlier chunk.
    const zero = start - this.pending.length;
    let at = start;
    const stop = Math.min(end, zero + this.limits.maxHeadBytes);
    while (at < stop) {
      if (this.phase < FIRST_STATUS_PHASE) at = this.readRequestLine(chunk, at, stop, zero);
      else if (this.phase < FIRST_FIELD_PHASE) at = this.readStatusLine(chunk, at, stop, zero);
      else at = this.readFields(chunk, at, stop, zero);
      if (this.problem !== undefined) return this.fail(this.problem, end);
      if (this.phase === COMPLETE) return this.complete(chunk, start, at, end);
    }
    if (at < end) return this.fail(this.limitPassed(), end);
    this.pending.append(chunk, start, end);
    return end;
  }

  // The three methods below make one step each: they read the run of bytes that one phase accepts and return the
  // offset of the first byte that is not consumed.

  /** RFC 9112 3: `method SP request-target SP HTTP-version CRLF`. */
  private readRequestLine(chunk: Buffer, start: number, stop: number, zero: number): number {
    let at = start;
    const byte = chunk[at] as number;
    switch (this.phase) {
      case REQUEST_START:
        if (isTokenByte(byte)) {
          this.mark(at - zero);
          this.phase = METHOD;
          return at;
        }
        // RFC 9112 2.2: a server should ignore at least one empty line before the request line. One it is.
        if (byte !== CR || this.lineStart > 0) return this.refuse(firstByteFailure(byte));
        this.phase = EMPTY_LINE_LF;
        return at + 1;
      case EMPTY_LINE_LF:
        if (byte !== LF) return this.refuse('bareCarriageReturn');
        this.phase = REQUEST_START;
        this.lineStart = at + 1 - zero;
        return at + 1;
      case METHOD:
        at = skipTokenBytes(chunk, at, stop);
        if (at === stop) return at;
        return chunk[at] === SP
          ? this.endPart(at, zero, TARGET)
          : this.refuse(requestLineFailure(chunk[at], 'invalidMethod'));
      case TARGET:
        at = skipTargetBytes(chunk, at, stop);
        if (at === stop) return at;
        // An empty target is a second space after the method.
        if (chunk[at] !== SP || at - zero === (this.marks[1] as number) + 1) {
          return this.refuse(requestLineFailure(chunk[at], 'invalidTarget'));
        }
        return this.endPart(at, zero, REQUEST_VERSION);
      case REQUEST_VERSION: {
        if (this.matched === 0 && stop - at > VERSION_LENGTH && isCurrentVersion(chunk, at)) {
          this.phase = REQUEST_LINE_CR;
          return at + VERSION_LENGTH;
        }
        const failure = versionFailure(this.matched, byte, 'invalidVersion');
        if (failure !== undefined) return this.refuse(failure);
        this.matched++;
        if (this.matched === VERSION_LENGTH) this.phase = REQUEST_LINE_CR;
        return at + 1;
      }
      default: // REQUEST_LINE_CR
        return byte === CR ? this.endPart(at, zero, LINE_LF) : this.refuse(orBareLineFeed(byte, 'invalidVersion'));
    }
  }

  /** RFC 9112 4: `HTTP-version SP status-code SP [ reason-phrase ] CRLF`. */
  private readStatusLine(chunk: Buffer, start: number, stop: number, zero: number): number {
    let at = start;
    const byte = chunk[at] as number;
    switch (this.phase) {
      case RESPONSE_START:
        this.mark(at - zero);
        this.phase = RESPONSE_VERSION;
        return at;
      case RESPONSE_VERSION: {
        if (this.matched === VERSION_LENGTH) {
          this.matched = 0;
          return byte === SP ? this.endPart(at, zero, STATUS) : this.refuse(orBareLineFeed(byte, 'invalidStatusLine'));
        }
        if (this.matched === 0 && stop - at > VERSION_LENGTH && isCurrentVersion(chunk, at)) {
          this.matched = VERSION_LENGTH;
          return at + VERSION_LENGTH;
        }
        const isTls = this.matched === 0 && isTlsRecord(byte);
        const failure = isTls ? 'tlsRecord' : versionFailure(this.matched, byte, 'invalidStatusLine');
        if (failure !== undefined) return this.refuse(failure);
        this.matched++;
        return at + 1;
      }
      case STATUS: {
        if (this.matched === STATUS_LENGTH) {
          this.mark(at - zero);
          this.phase = REASON;
          // RFC 9112 4 wants the space even without a phrase. Some servers leave it out, and nothing is ambiguous.
          if (byte === CR) return at;
          return byte === SP ? at + 1 : this.refuse(orBareLineFeed(byte, 'invalidStatusLine'));
        }
        const digit = byte - DIGIT_0;
        // RFC 9110 15: statuses above 599 are sent too, and to be taken for 5xx. Below 100 there are none.
        const isValid = digit >= (this.matched === 0 ? 1 : 0) && digit <= 9;
        if (!isValid) return this.refuse(orBareLineFeed(byte, 'invalidStatusLine'));
        this.matched++;
        this.statusSoFar = this.statusSoFar * 10 + digit;
        return at + 1;
      }
      default: // REASON
        at = skipFieldBytes(chunk, at, stop);
        if (at === stop) return at;
        return chunk[at] === CR
          ? this.endPart(at, zero, LINE_LF)
          : this.refuse(orBareLineFeed(chunk[at], 'invalidStatusLine'));
    }
  }

  /** RFC 9112 5: `field-name ":" OWS field-value OWS CRLF`, up to an empty line. */
  private readFields(chunk: Buffer, start: number, stop: number, zero: number): number {
    let at = start;
    const byte = chunk[at] as number;
    switch (this.phase) {
      case LINE_LF:
        if (byte !== LF) return this.refuse('bareCarriageReturn');
        this.phase = FIELD_START;
        this.lineStart = at + 1 - zero;
        return at + 1;
      case FIELD_START:
        if (byte === CR) {
          this.phase = END_LF;
          return at + 1;
        }
        if (!isTokenByte(byte)) return this.refuse(fieldStartFailure(byte));
        return this.readLines(chunk, at, stop, zero);
      case NAME:
        at = skipTokenBytes(chunk, at, stop);
        if (at === stop) return at;
        return chunk[at] === COLON ? this.endPart(at, zero, VALUE) : this.refuse(nameFailure(chunk[at]));
      case VALUE:
        at = skipFieldBytes(chunk, at, stop);
        if (at === stop) return at;
        return chunk[at] === CR
          ? this.endPart(at, zero, LINE_LF)
          : this.refuse(orBareLineFeed(chunk[at], 'invalidHeaderValue'));
      default: // END_LF
        if (byte !== LF) return this.refuse('bareCarriageReturn');
        this.phase = COMPLETE;
        return at + 1;
    }
  }

  /**
   * Reads header lines as long as they lie in this chunk and are as they should be, without going through the phases.
   * It leaves the phase that says what goes on where that ends. Both ways read the same, as
   * `test/protocol/http1/head-properties.test.ts` proves with heads that are cut anywhere.
   */
  private readLines(chunk: Buffer, start: number, stop: number, zero: number): number {
    let at = start;
    do {
      if (this.headerCount === this.limits.maxHeaders) return this.refuse('tooManyHeaders');
      this.headerCount++;
      at = skipTokenBytes(chunk, at, stop);
      if (at === stop || chunk[at] !== COLON) {
        this.phase = NAME;
        return at;
      }
      this.mark(at++ - zero);
      at = skipFieldBytes(chunk, at, stop);
      if (stop - at < CRLF_LENGTH || chunk[at] !== CR || chunk[at + 1] !== LF) {
        this.phase = VALUE;
        return at;
      }
      this.mark(at - zero);
      at += CRLF_LENGTH;
      this.lineStart = at - zero;
    } while (at < stop && isTokenByte(chunk[at] as number));
    this.phase = FIELD_START;
    return at;
  }

  /** Marks the end of a part at the byte that ends it, and moves past that byte. */
  private endPart(at: number, zero: number, next: number): number {
    this.mark(at - zero);
    this.phase = next;
    return at + 1;
  }

  private refuse(code: HeadFailureCode): number {
    this.problem = code;
    return 0;
  }

  private mark(offset: number): void {
    this.marks[this.markCount++] = offset;
  }

  private limitPassed(): HeadFailureCode {
    const isInStartLine = this.headerCount === 0 && this.phase <= LINE_LF;
    if (isInStartLine) return this.role === 'request' ? 'requestLineTooLong' : 'statusLineTooLong';
    return 'headTooLarge';
  }

  private complete(chunk: Buffer, start: number, headEnd: number, end: number): number {
    const text = this.pending.textWith(chunk, start, headEnd);
    this.pending.clear();
    const slice: Slicers[R] = slicers[this.role];
    const result = slice(text, this.marks, this.markCount);
    if ('reason' in result) return this.fail(result.code, end);
    this.head = result;
    this.state = 'complete';
    return headEnd;
  }

  private fail(code: HeadFailureCode, end: number): number {
    this.state = 'failed';
    this.failure = headFailure(code);
    this.pending.clear();
    return end;
  }
}
