import type { EncodableCoding } from '../../http/coding/content-coding.ts';
import { encodeBody, encodeStream } from '../../http/coding/content-encoder.ts';
import type { HttpResponse } from '../../http/http-response.ts';
import { type OutgoingBody, outgoingBody } from '../../http/response-body.ts';
import type { BatchWriter } from '../../transport/batch-writer.ts';
import type { HttpRequest } from '../request/http-request.ts';
import { BodySender, type BodySenderOwner, type StreamFraming } from './body-sender.ts';
import { discardBody, type StreamedBody } from './discard-body.ts';
import { codingFor, encodedEtagLine, isEncodable, varyLine } from './response-encoding.ts';
import { connectionLine, ownLines, type ResponseFields, sortFields, statusLine } from './response-fields.ts';
import { writeHeadAndBytes, writeHeadAndText, writeText } from './write-bytes.ts';

export interface ResponseWriterOwner {
  /** Output waits to be taken by the peer. */
  onWriteBlocked(): void;
  /** A response that {@link ResponseWriter.send} left unfinished is complete. */
  onResponseSent(): void;
  /** The body could not be made. */
  onResponseFailed(error: unknown): void;
}

const TEXT_TYPE = 'text/plain; charset=utf-8';
const TEXT_TYPE_LINE = `Content-Type: ${TEXT_TYPE}\r\n`;

/** The settings that a response is written by. */
export interface ResponseSettings {
  readonly compression: boolean;
  /** `Server` with its value and line end; empty to send none. */
  readonly serverLine: string;
}

/** Writes the responses of one connection, one at a time. */
export class ResponseWriter implements BodySenderOwner {
  /** Something of the running response was written: it can only be completed, or cut off. */
  hasBegun = false;
  /** True when the last response left the connection open for more. */
  isKeptAlive = true;
  /** Counts what was written, for watching whether anything is. */
  progress = 0;
  readonly writer: BatchWriter;
  private readonly owner: ResponseWriterOwner;
  private readonly settings: ResponseSettings;
  private sender: BodySender | undefined = undefined;
  /** Counts responses, so that a body which was encoded for one that was given up is not sent. */
  private serial = 0;

  constructor(owner: ResponseWriterOwner, writer: BatchWriter, settings: ResponseSettings) {
    this.owner = owner;
    this.writer = writer;
    this.settings = settings;
  }

  /**
   * Writes a response, or begins to; tells whether it is complete. How its body is delimited is decided here, whatever
   * its headers say, and so no response runs into the next one.
   *
   * @throws UsageError (`invalidOption`) for what cannot be sent; then nothing was written
   */
  send(request: HttpRequest, response: HttpResponse, mayKeepAlive: boolean, isRequestComplete: boolean): boolean {
    this.serial++;
    this.progress++;
    const { statusCode: status } = response;
    const line = statusLine(status, response.description);
    const fields = sortFields(response.headers);
    const body = contentOf(response.body, fields);
    const isWhole = typeof body === 'string' || body instanceof Uint8Array;
    // Nobody will read the rest of the request when the response is there; but it may come while one is streamed.
    this.isKeptAlive = mayKeepAlive && !fields.isClosing && (isRequestComplete || !isWhole);
    const isEmpty = status === 204 || status === 304 || status === 205;
    if (isEmpty || request.method === 'HEAD') return this.sendHead(request, line, fields, body, status);
    if (typeof body === 'string') return this.sendText(request, line, fields, body, status);
    if (body instanceof Uint8Array) return this.sendBytes(request, line, fields, body, status);
    return this.sendStream(request, line, fields, body, status);
  }

  /** The peer has taken what was written. */
  onDrain(): void {
    this.sender?.onDrain();
  }

  /** Gives up the running response. */
  cancel(): void {
    this.serial++;
    this.sender?.cancel();
    this.sender = undefined;
  }

  /** Part of {@link BodySenderOwner}. */
  onPieceSent(): void {
    this.progress++;
  }

  /** Part of {@link BodySenderOwner}. */
  onWriteBlocked(): void {
    this.owner.onWriteBlocked();
  }

  /** Part of {@link BodySenderOwner}. */
  onBodySent(): void {
    this.sender = undefined;
    this.complete();
  }

  /** Part of {@link BodySenderOwner}. */
  onBodyFailed(error: unknown): void {
    this.sender = undefined;
    this.owner.onResponseFailed(error);
  }

  /** RFC 9110 6.4.1: HEAD, 204 and 304 have no body; HEAD has the fields that GET would have. */
  private sendHead(
    request: HttpRequest,
    line: string,
    fields: ResponseFields,
    body: OutgoingBody['content'],
    status: number,
  ): boolean {
    let length = 'Content-Length: 0\r\n';
    let coding: EncodableCoding | undefined;
    let isNegotiated = false;
    if (status === 204 || status === 304) length = '';
    else if (status !== 205) {
      const size = fields.contentLength !== undefined && !hasSize(body) ? fields.contentLength : sizeOf(body);
      noteTextType(fields, body);
      isNegotiated = this.settings.compression && isEncodable(status, fields, size);
      if (isNegotiated) coding = codingFor(request);
      length = size === undefined || coding !== undefined ? '' : `Content-Length: ${size}\r\n`;
    }
    const head = this.headOf(request, line, fields, isNegotiated, coding);
    discardBody(body);
    writeText(this.writer, `${head}${length}\r\n`);
    return true;
  }

  private sendText(request: HttpRequest, line: string, fields: ResponseFields, body: string, status: number): boolean {
    const { length } = body;
    noteTextType(fields, body);
    const byteLength = length === 0 ? 0 : Buffer.byteLength(body);
    const isNegotiated = this.settings.compression && isEncodable(status, fields, byteLength);
    const coding = isNegotiated ? codingFor(request) : undefined;
    const head = this.headOf(request, line, fields, isNegotiated, coding);
    if (coding !== undefined) return this.sendEncoded(head, body, coding);
    writeHeadAndText(this.writer, `${head}Content-Length: ${byteLength}\r\n\r\n`, body, byteLength);
    return true;
  }

  private sendBytes(
    request: HttpRequest,
    line: string,
    fields: ResponseFields,
    body: Uint8Array,
    status: number,
  ): boolean {
    const isNegotiated = this.settings.compression && isEncodable(status, fields, body.length);
    const coding = isNegotiated ? codingFor(request) : undefined;
    const head = this.headOf(request, line, fields, isNegotiated, coding);
    if (coding !== undefined) return this.sendEncoded(head, body, coding);
    writeHeadAndBytes(this.writer, `${head}Content-Length: ${body.length}\r\n\r\n`, body);
    return true;
  }

  private sendEncoded(head: string, body: string | Uint8Array, coding: EncodableCoding): boolean {
    const encoded = encodeBody(body, coding);
    if (encoded instanceof Uint8Array) {
      this.writeEncoded(head, encoded);
      return true;
    }
    const { serial } = this;
    encoded.then(
      (bytes) => {
        if (serial !== this.serial) return;
        this.writeEncoded(head, bytes);
        this.complete();
      },
      (error: unknown) => {
        if (serial === this.serial) this.owner.onResponseFailed(error);
      },
    );
    return false;
  }

  private writeEncoded(head: string, body: Uint8Array): void {
    writeHeadAndBytes(this.writer, `${head}Content-Length: ${body.length}\r\n\r\n`, body);
  }

  private sendStream(
    request: HttpRequest,
    line: string,
    fields: ResponseFields,
    body: StreamedBody,
    status: number,
  ): boolean {
    const isNegotiated = this.settings.compression && isEncodable(status, fields, fields.contentLength);
    const coding = isNegotiated ? codingFor(request) : undefined;
    const framing = this.framingOf(request, coding === undefined ? fields.contentLength : undefined);
    const head = this.headOf(request, line, fields, isNegotiated, coding);
    const encoded = coding === undefined ? undefined : encodeStream(body, coding);
    this.hasBegun = true;
    writeText(this.writer, `${head}${framingLine(framing)}\r\n`);
    this.sender = new BodySender(this, body, framing, encoded);
    this.sender.start();
    return false;
  }

  /** RFC 9112 6.1: chunks are for HTTP/1.1; an older peer reads until the connection ends. */
  private framingOf(request: HttpRequest, contentLength: number | undefined): StreamFraming {
    if (contentLength !== undefined) return contentLength;
    if (request.version === 'HTTP/1.1') return 'chunked';
    this.isKeptAlive = false;
    return 'untilClose';
  }

  /** The head up to the field that tells how long the body is. */
  private headOf(
    request: HttpRequest,
    line: string,
    fields: ResponseFields,
    isNegotiated: boolean,
    coding: EncodableCoding | undefined,
  ): string {
    const connection = connectionLine(this.isKeptAlive, request.version === 'HTTP/1.0', fields.hasUpgrade);
    let text = `${line}${fields.lines}`;
    if (isNegotiated) {
      text += varyLine(fields.vary);
      if (coding !== undefined) text += `Content-Encoding: ${coding}\r\n${encodedEtagLine(fields.etag)}`;
    } else if (fields.vary !== undefined) text += `Vary: ${fields.vary}\r\n`;
    if (coding === undefined && fields.etag !== undefined) text += `ETag: ${fields.etag}\r\n`;
    return `${text}${connection}${ownLines(fields, this.settings.serverLine)}`;
  }

  private complete(): void {
    this.owner.onResponseSent();
  }
}

/** Text without a type is plain text: browsers would guess, and might run what somebody else has put into it. */
function noteTextType(fields: ResponseFields, body: OutgoingBody['content']): void {
  if (fields.hasType || typeof body !== 'string' || body.length === 0) return;
  fields.lines += TEXT_TYPE_LINE;
  fields.contentType = TEXT_TYPE;
  fields.hasType = true;
}

/** `undefined` for a body whose size is known only when it has been read. */
function sizeOf(body: OutgoingBody['content']): number | undefined {
  if (typeof body === 'string') return Buffer.byteLength(body);
  return body instanceof Uint8Array ? body.length : undefined;
}

/** Tells if there are bytes that would be sent; a response to HEAD may have none, and say how many there would be. */
function hasSize(body: OutgoingBody['content']): boolean {
  return (sizeOf(body) ?? 0) > 0;
}

/** The content of a body; its type and length are noted where the headers have none. */
function contentOf(body: unknown, fields: ResponseFields): OutgoingBody['content'] {
  // Nearly every response. Memory that was transferred is empty, and found out below.
  if (typeof body === 'string' || (Buffer.isBuffer(body) && body.length > 0 && !isShared(body))) return body;
  const { content, length, contentType } = outgoingBody(body);
  if (contentType !== undefined && !fields.hasType) {
    fields.lines += `Content-Type: ${contentType}\r\n`;
    fields.contentType = contentType;
    fields.hasType = true;
  }
  if (length !== undefined && typeof content === 'object' && !(content instanceof Uint8Array)) {
    fields.contentLength ??= length;
  }
  return content;
}

/** Others may change such memory while it is sent. */
function isShared({ buffer }: Buffer): boolean {
  return buffer instanceof SharedArrayBuffer;
}

function framingLine(framing: StreamFraming): string {
  if (framing === 'chunked') return 'Transfer-Encoding: chunked\r\n';
  return framing === 'untilClose' ? '' : `Content-Length: ${framing}\r\n`;
}
