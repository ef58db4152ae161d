import { UsageError } from '../../errors.ts';
import { pieceBytes } from '../../http/body-bytes.ts';
import { giveBackReadBuffer, lendsBuffers } from '../../http/files/read-buffers.ts';
import { afterThisTurn } from '../../platform/turn.ts';
import { lastChunk } from '../../protocol/http1/message/body-writer.ts';
import type { BatchWriter } from '../../transport/batch-writer.ts';
import { Deferred } from '../../util/deferred.ts';
import { discardBody, endIterator, type StreamedBody } from './discard-body.ts';
import { writeBytes, writeChunk, writeText } from './write-bytes.ts';

/** With more than this unsent, a source is not asked for more. */
export const HIGH_WATER_BYTES: number = 64 * 1024;

/** After so much, others get their turn, be the source as quick as it likes and the peer too. */
const TURN_BYTES = 256 * 1024;

/** The way in which the end of a streamed body is told. `untilClose` is for peers that know no chunks. */
export type StreamFraming = 'chunked' | 'untilClose' | number;

export interface BodySenderOwner {
  readonly writer: BatchWriter;
  /** A piece was written. */
  onPieceSent(): void;
  /** Output waits to be taken by the peer. */
  onWriteBlocked(): void;
  /** All of it was written. */
  onBodySent(): void;
  /** The source failed, or gave other than was announced: the peer must not take what it got for the whole. */
  onBodyFailed(error: unknown): void;
}

/** Sends the body of one response from a stream or an async iterable, no faster than the peer takes it. */
export class BodySender {
  private readonly owner: BodySenderOwner;
  private readonly body: StreamedBody;
  private readonly iterator: AsyncIterator<unknown>;
  private readonly framing: StreamFraming;
  private sent = 0;
  private sentInTurn = 0;
  private isCancelled = false;
  private room: Deferred<void> | undefined = undefined;
  /** Lent pieces that may not have left. */
  private readonly borrowed: Uint8Array[] | undefined;

  /** `encoded` is what is made of `body`, where that is not sent as it is. */
  constructor(owner: BodySenderOwner, body: StreamedBody, framing: StreamFraming, encoded?: StreamedBody) {
    this.owner = owner;
    this.body = body;
    if (encoded === undefined && lendsBuffers in body && owner.writer.releasesBuffers) {
      body[lendsBuffers] = true;
      this.borrowed = [];
    }
    this.iterator = (encoded ?? body)[Symbol.asyncIterator]();
    this.framing = framing;
  }

  start(): void {
    this.run().then(
      () => {
        if (!this.isCancelled) this.owner.onBodySent();
      },
      (error: unknown) => {
        if (this.isCancelled) return;
        this.cancel();
        this.owner.onBodyFailed(error);
      },
    );
  }

  /** The peer has taken what was written. */
  onDrain(): void {
    this.room?.resolve();
    this.room = undefined;
  }

  /** Stops, and ends the source. */
  cancel(): void {
    if (this.isCancelled) return;
    this.isCancelled = true;
    this.onDrain();
    discardBody(this.body);
    endIterator(this.iterator);
  }

  private async run(): Promise<void> {
    const { writer } = this.owner;
    for (;;) {
      const next: IteratorResult<unknown, unknown> = await this.iterator.next();
      if (this.isCancelled) return;
      if (next.done === true) break;
      this.write(pieceBytes(next.value));
      this.owner.onPieceSent();
      this.giveBack();
      if (writer.bufferedBytes > HIGH_WATER_BYTES) {
        this.room = new Deferred();
        this.owner.onWriteBlocked();
        await this.room.promise;
        if (this.isCancelled) return;
        this.giveBack();
      } else if (this.sentInTurn >= TURN_BYTES) {
        this.sentInTurn = 0;
        await new Promise<void>(afterThisTurn);
        if (this.isCancelled) return;
      }
    }
    if (this.framing === 'chunked') writeText(writer, lastChunk);
    else if (typeof this.framing === 'number' && this.sent < this.framing) {
      throw new UsageError(
        'body',
        `ended after ${this.sent} of the ${this.framing} bytes that Content-Length announced`,
      );
    }
  }

  /** Once nothing waits any more, the system has its own copy of all pieces. */
  private giveBack(): void {
    const { borrowed } = this;
    if (borrowed === undefined || this.owner.writer.bufferedBytes > 0) return;
    for (const piece of borrowed) giveBackReadBuffer(piece);
    borrowed.length = 0;
  }

  private write(bytes: Uint8Array): void {
    const { framing } = this;
    const { writer } = this.owner;
    // An empty chunk would end the body.
    if (bytes.length === 0) return;
    this.sentInTurn += bytes.length;
    if (framing === 'chunked') {
      writeChunk(writer, bytes);
      return;
    }
    if (typeof framing === 'number' && this.sent + bytes.length > framing) {
      throw new UsageError('body', `is longer than the ${framing} bytes that Content-Length announced`);
    }
    this.sent += bytes.length;
    this.borrowed?.push(bytes);
    writeBytes(writer, bytes);
  }
}
