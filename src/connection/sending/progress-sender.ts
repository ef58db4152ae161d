import { afterThisTurn } from '../../platform/turn.ts';
import type { PerMessageDeflate } from '../../protocol/websocket/deflate/per-message-deflate.ts';
import type { SlicedCompressor } from '../../protocol/websocket/deflate/sliced-compressor.ts';
import type { Endpoint } from '../../protocol/websocket/endpoint.ts';
import { COMPRESS_NOT_SMALLER } from '../../protocol/websocket/frames/message-compressor.ts';
import { Opcode, RSV1_BIT } from '../../protocol/websocket/frames/opcodes.ts';
import type { ByteSink } from '../../util/byte-sink.ts';
import type { ConnectionLimits } from '../connection-options.ts';
import { HoldingSink } from './holding-sink.ts';
import { notSent, sent, type WebSocketSendInfo } from './send-data.ts';

/**
 * Called for each fragment that the operating system took, `current` from 0 to `total - 1`. Only `false` cancels; a
 * promise delays the next fragment.
 */
export type OnProgress = (current: number, total: number) => boolean | void | Promise<boolean | void>;

/** Wire payload of one fragment; the last one takes what is left over. */
const FRAGMENT_BYTES = 32 * 1024;

/** The connection around a {@link ProgressSender}. */
export interface ProgressSenderHost {
  readonly endpoint: Endpoint;
  readonly writer: ByteSink;
  /** Given when permessage-deflate was agreed on. */
  readonly deflate: PerMessageDeflate | undefined;
  readonly context: { readonly limits: Pick<ConnectionLimits, 'onCancel' | 'fragmentSize'> };
  /** True while fragments may still leave. */
  readonly canSendFragments: boolean;
  /** Resolves when nothing is waiting to leave any more, or the connection is over. */
  whenDrained(): Promise<void>;
  /** The last of the messages in hand is out. */
  onIdle(): void;
  /** A send was cancelled after its first fragment had left. */
  onCancelled(): void;
}

interface Job {
  payload: Buffer;
  /** First byte of the first frame, without FIN: opcode, and RSV1 when the payload is compressed. */
  first: number;
  readonly payloadSize: number;
  readonly compressor: SlicedCompressor | undefined;
  readonly onProgress: OnProgress;
  /** The messages that were sent after this one, and before the next with progress. */
  readonly followers: HoldingSink;
}

/**
 * Sends messages in fragments of 32 KiB, each when the one before it has left, so that the sender knows how far it is
 * and may slow down or stop. One message at a time; those sent meanwhile wait behind it.
 */
export class ProgressSender {
  private readonly host: ProgressSenderHost;
  private last: Promise<unknown> = Promise.resolve();
  /** The messages in hand, in order. */
  private readonly jobs: Job[] = [];

  constructor(host: ProgressSenderHost) {
    this.host = host;
  }

  /** True while a message is in hand. */
  get isBusy(): boolean {
    return this.jobs.length > 0;
  }

  /** Sends `payload` behind the messages in hand. Rejects with what `onProgress` throws; the send is cancelled then. */
  send(payload: Buffer, isBinary: boolean, onProgress: OnProgress): Promise<WebSocketSendInfo> {
    const first = isBinary ? Opcode.Binary : Opcode.Text;
    const compressor = this.host.deflate?.compressInSlices(payload);
    const followers = new HoldingSink();
    return this.enqueue({ payload, first, payloadSize: payload.length, compressor, onProgress, followers });
  }

  /** Bytes of the messages that wait behind those in hand. */
  get heldBytes(): number {
    let bytes = 0;
    for (const { followers } of this.jobs) bytes += followers.heldBytes;
    return bytes;
  }

  private enqueue(job: Job): Promise<WebSocketSendInfo> {
    this.jobs.push(job);
    this.host.endpoint.holdMessages(job.followers);
    const result = this.last.then(() => this.run(job));
    this.last = result.then(
      () => this.finish(job),
      () => this.finish(job),
    );
    return result;
  }

  private finish(job: Job): void {
    const { host } = this;
    this.jobs.shift();
    if (host.canSendFragments) job.followers.releaseTo(host.writer);
    if (this.isBusy) return;
    host.endpoint.holdMessages(undefined);
    host.onIdle();
  }

  private async run(job: Job): Promise<WebSocketSendInfo> {
    const { host } = this;
    const { payloadSize, compressor } = job;
    if (compressor !== undefined && !(await this.compress(job, compressor))) {
      return notSent(host.canSendFragments ? 'compressionError' : 'closed', payloadSize);
    }
    const { payload } = job;
    const fragmentBytes = host.context.limits.fragmentSize ?? FRAGMENT_BYTES;
    const total = Math.max(1, Math.floor(payload.length / fragmentBytes));
    let wireSize = 0;
    for (let current = 0; current < total; current++) {
      if (!host.canSendFragments) return notSent('closed', payloadSize);
      const isLast = current === total - 1;
      const end = isLast ? payload.length : (current + 1) * fragmentBytes;
      const part = payload.subarray(current * fragmentBytes, end);
      wireSize += host.endpoint.sendFragment(
        current === 0 ? job.first : Opcode.Continuation,
        part,
        isLast,
        payloadSize,
      );
      await host.whenDrained();
      if (!host.canSendFragments && !isLast) return notSent('closed', payloadSize);
      if (await this.wantsMore(job, current, total, isLast)) continue;
      this.cancel();
      return notSent('cancelled', payloadSize);
    }
    return sent(payloadSize, wireSize);
  }

  /** Compresses the message with the loop in between, unless that would not make it smaller; false when it fails. */
  private async compress(job: Job, compressor: SlicedCompressor): Promise<boolean> {
    let result = 0;
    while (result === 0) {
      if (!this.host.canSendFragments) compressor.end();
      result = compressor.step();
      if (result === 0) await new Promise<void>((resolve) => afterThisTurn(resolve));
    }
    if (result === COMPRESS_NOT_SMALLER) return true;
    if (compressor.payload === undefined) return false;
    job.payload = compressor.payload;
    job.first |= RSV1_BIT;
    return true;
  }

  private async wantsMore(job: Job, current: number, total: number, isLast: boolean): Promise<boolean> {
    try {
      const verdict = await job.onProgress(current, total);
      // After the last fragment there is nothing left to cancel.
      return isLast || verdict !== false;
    } catch (error) {
      if (!isLast) this.cancel();
      throw error;
    }
  }

  /** A message that has begun cannot be taken back (RFC 6455 section 5.4): it is ended short, or the connection is. */
  private cancel(): void {
    const { host } = this;
    if (!host.canSendFragments) return;
    if (host.context.limits.onCancel === 'truncate')
      host.endpoint.sendFragment(Opcode.Continuation, Buffer.alloc(0), true, 0);
    else host.onCancelled();
  }
}
