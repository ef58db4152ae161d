import type { ResponseHead } from '../../protocol/http1/head/response-head.ts';
import { listIncludes } from '../../protocol/http1/tokens.ts';

/** Bytes of a body that are kept to tell why a handshake was refused. */
export const MAX_REFUSAL_BYTES: number = 64 * 1024;

/** A longer line is no size of a chunk. */
const MAX_SIZE_LINE_BYTES = 256;

/** The beginning of a body, in which servers say so. */
const TLS_HINT_BYTES = 1024;

/** The begin of a line with the size of a chunk. */
const SIZE_BEGIN = /^[0-9a-f]{1,8}[ \t]*(?:[;\r\n]|$)/i;

const LF = 0x0a;

/**
 * Gathers the start of the body of a response that refused the upgrade. It is for people to read: what cannot be
 * understood ends it, and the connection is closed anyway.
 */
export class RefusalBody {
  isComplete = false;
  private isChunked: boolean;
  /** Bytes of the body, or of the current chunk, that are still to come. */
  private remaining: number;
  /** The line with the size of the next chunk, and the end of the line before it. */
  private line = '';
  private readonly pieces: Buffer[] = [];
  private length = 0;

  constructor(head: ResponseHead) {
    const { headers, status } = head;
    this.isChunked = listIncludes(headers.get('Transfer-Encoding') ?? '', 'chunked');
    const length = headers.get('Content-Length') ?? '';
    this.remaining = this.isChunked ? 0 : /^\d{1,15}$/.test(length) ? Number(length) : Number.POSITIVE_INFINITY;
    // RFC 9110 section 6.4.1: these have no body.
    this.isComplete = status < 200 || status === 204 || status === 304 || (!this.isChunked && this.remaining === 0);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces, this.length);
  }

  /** Tells whether it is what servers say to plain text on a port for TLS: nginx, Apache and Go name one of the three. */
  get mentionsTls(): boolean {
    return /\b(?:HTTPS|SSL|TLS)\b/.test(this.bytes.toString('latin1', 0, TLS_HINT_BYTES));
  }

  /** Takes bytes that are used again afterwards. When it is complete, or has enough, the rest is left. */
  add(buffer: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end && !this.isComplete && this.length < MAX_REFUSAL_BYTES) {
      if (this.isChunked && this.remaining === 0) at = this.readSize(buffer, at, end);
      else at = this.readData(buffer, at, end);
    }
  }

  /** Tells that nothing more is wanted. */
  get isFull(): boolean {
    return this.isComplete || this.length >= MAX_REFUSAL_BYTES;
  }

  /** The stream has ended, which is the proper end of a body without a length. */
  end(): void {
    if (this.remaining === Number.POSITIVE_INFINITY) this.isComplete = true;
  }

  private readData(buffer: Buffer, start: number, end: number): number {
    const size = Math.min(end - start, this.remaining, MAX_REFUSAL_BYTES - this.length);
    this.pieces.push(Buffer.from(buffer.subarray(start, start + size)));
    this.length += size;
    this.remaining -= size;
    if (this.remaining === 0 && !this.isChunked) this.isComplete = true;
    return start + size;
  }

  /** RFC 9112 section 7.1: the size in hexadecimal, extensions, and the end of the line. */
  private readSize(buffer: Buffer, start: number, end: number): number {
    const lineFeed = buffer.indexOf(LF, start);
    const stop = lineFeed < 0 || lineFeed >= end ? end : lineFeed + 1;
    this.line += buffer.toString('latin1', start, stop);
    if (this.length === 0 && !SIZE_BEGIN.test(this.line)) return this.goUnframed(stop);
    if (this.line.length > MAX_SIZE_LINE_BYTES) this.isComplete = true;
    if (stop === end && lineFeed !== end - 1) return stop;
    const line = this.line.trim();
    this.line = '';
    // The end of the chunk before.
    if (line === '') return stop;
    const size = /^([0-9a-f]{1,8})[ \t]*(?:;|$)/i.exec(line)?.[1];
    this.remaining = size === undefined ? 0 : Number.parseInt(size, 16);
    if (this.remaining === 0) this.isComplete = true;
    return stop;
  }

  /** The first line is no size: http-proxy 1.18 takes the framing out of a body, and leaves the field that announces it. */
  private goUnframed(stop: number): number {
    this.isChunked = false;
    this.remaining = Number.POSITIVE_INFINITY;
    const line = Buffer.from(this.line, 'latin1');
    this.line = '';
    this.readData(line, 0, line.length);
    return stop;
  }
}
