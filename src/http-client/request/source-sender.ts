import { pieceBytes } from '../../http/body-bytes.ts';
import { chunkEnd, formatChunkHeader, lastChunk } from '../../protocol/http1/message/body-writer.ts';
import type { Transport } from '../../transport/transport.ts';
import { Deferred } from '../../util/deferred.ts';
import { HttpFailure } from '../http-failure.ts';
import { ofSource } from './prepared-body.ts';

/** More than this is not given to a connection that has not taken what it was given before. */
const HIGH_WATER_BYTES = 64 * 1024;
/** A larger piece is given in several, so that a stalled connection is noticed and progress is seen. */
const PIECE_BYTES = 256 * 1024;

/** The upload that a body is sent for. */
export interface SourceSenderOwner {
  /** Bytes were given to the connection. */
  onSent(byteCount: number): void;
  /** All of the body was. */
  onBodySent(): void;
  /** The source failed, or gave another length than it had promised. */
  onSourceFailure(failure: HttpFailure): void;
}

/** Sends a body from a source, as fast as the connection takes it. */
export class SourceSender {
  private readonly source: AsyncIterator<unknown>;
  private readonly length: number | undefined;
  private readonly transport: Transport;
  private readonly owner: SourceSenderOwner;
  private sent = 0;
  /** The end of a body whose length is known. */
  private last: Buffer | undefined;
  private isStopped = false;
  private drained: Deferred<void> | undefined;

  constructor(
    source: AsyncIterable<unknown>,
    length: number | undefined,
    transport: Transport,
    owner: SourceSenderOwner,
  ) {
    this.source = source[Symbol.asyncIterator]();
    this.length = length;
    this.transport = transport;
    this.owner = owner;
  }

  /** Never rejects. */
  async run(): Promise<void> {
    try {
      for (;;) {
        const next = await this.source.next();
        if (this.isStopped) return;
        if (next.done === true) break;
        // A piece that a source has given must not be changed any more, as with the streams of Node.
        const bytes = pieceBytes(next.value);
        // The end of the request leaves when the source has said that it is complete: a file may have changed.
        if (this.last !== undefined && bytes.length > 0) throw this.wrongLength();
        if (this.sent + bytes.length === this.length) this.last ??= bytes;
        else await this.send(bytes, false);
        if (this.isStopped) return;
      }
      if (this.last !== undefined) await this.send(this.last, true);
      if (!this.isStopped) this.finish();
    } catch (error) {
      if (this.isStopped) return;
      this.stop();
      this.owner.onSourceFailure(error instanceof HttpFailure ? error : ofSource(error));
    }
  }

  /** The connection has taken what it was given. */
  onDrain(): void {
    this.drained?.resolve();
    this.drained = undefined;
  }

  /** Sends nothing more, and tells the source. */
  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.onDrain();
    // One that is in the middle of waiting returns when it is done with that; nobody waits for it.
    const ended = this.source.return?.();
    ended?.then(undefined, () => undefined);
  }

  private async send(bytes: Buffer, isLast: boolean): Promise<void> {
    for (let at = 0; at < bytes.length && !this.isStopped; at += PIECE_BYTES) {
      this.write(bytes.subarray(at, at + PIECE_BYTES));
      // Behind the last piece the answer is waited for, and nothing else.
      if (isLast && at + PIECE_BYTES >= bytes.length) return;
      if (this.transport.pendingBytes <= HIGH_WATER_BYTES) continue;
      this.drained = new Deferred<void>();
      await this.drained.promise;
    }
  }

  private write(piece: Buffer): void {
    this.sent += piece.length;
    if (this.length === undefined) {
      const header = Buffer.from(formatChunkHeader(piece.length), 'latin1');
      this.transport.writeAll([header, piece, endOfChunk]);
      this.owner.onSent(header.length + piece.length + endOfChunk.length);
      return;
    }
    if (this.sent > this.length) throw this.wrongLength();
    this.transport.write(piece);
    this.owner.onSent(piece.length);
  }

  private finish(): void {
    if (this.length === undefined) {
      this.transport.write(endOfBody);
      this.owner.onSent(endOfBody.length);
    } else if (this.sent !== this.length) throw this.wrongLength();
    this.isStopped = true;
    this.owner.onBodySent();
  }

  private wrongLength(): HttpFailure {
    const message = `Cannot send request: the body is not as long as announced, ${this.length} bytes`;
    return new HttpFailure('SendError', message);
  }
}

// Buffers that a TLS transport is given belong to it, and it does not change them.
const endOfChunk = Buffer.from(chunkEnd, 'latin1');
const endOfBody = Buffer.from(lastChunk, 'latin1');
