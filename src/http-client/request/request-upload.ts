import type { Transport } from '../../transport/transport.ts';
import type { HttpFailure } from '../http-failure.ts';
import type { RequestBody } from './prepared-body.ts';
import { SourceSender } from './source-sender.ts';

/** The attempt that a request is sent for. */
export interface UploadOwner {
  /** The body waits for the server's consent, but no longer than that. */
  onWaiting(seconds: number): void;
  onActivity(): void;
  /** All of the request was given to the connection. */
  onSent(): void;
  onSourceFailure(failure: HttpFailure): void;
}

/** A server that does not know `100 Continue` says nothing (RFC 9110 section 10.1.1). */
const CONTINUE_SECS = 1;
/** Up to this length, joining head and body costs less than a second buffer in the write. */
const MAX_JOINED_BYTES = 16 * 1024;

/** One request on its way out. */
export class RequestUpload {
  readonly head: Buffer;
  /** Bytes of the request that were given to the connection. */
  bytesSent = 0;
  bodyBytesSent = 0;
  /** True when all of it was. */
  isSent = false;
  private readonly body: RequestBody | undefined;
  private readonly expectsContinue: boolean;
  private readonly owner: UploadOwner;
  private transport: Transport | undefined = undefined;
  private sender: SourceSender | undefined = undefined;
  private isWaiting = false;
  private lastUnsent = 0;

  constructor(head: Buffer, body: RequestBody | undefined, expectsContinue: boolean, owner: UploadOwner) {
    this.head = head;
    this.body = body;
    this.expectsContinue = expectsContinue && body !== undefined;
    this.owner = owner;
  }

  /** The length of the whole request, as far as it is known. */
  get totalBytes(): number {
    return this.head.length + (this.body?.length ?? 0);
  }

  start(transport: Transport): void {
    const { body, head } = this;
    this.transport = transport;
    if (body === undefined || (body.bytes !== undefined && !this.expectsContinue)) {
      this.writeAtOnce(transport, body?.bytes);
      return;
    }
    transport.write(head);
    this.bytesSent = head.length;
    if (this.expectsContinue) {
      this.isWaiting = true;
      this.owner.onWaiting(CONTINUE_SECS);
    } else this.sendBody(transport, body);
  }

  /** The server wants the body, or was given time enough to say that it does not. */
  proceed(): void {
    const { transport, body, isWaiting } = this;
    if (!isWaiting || transport === undefined || body === undefined) return;
    this.isWaiting = false;
    this.sendBody(transport, body);
  }

  /** Sends no more. */
  stop(): void {
    this.isWaiting = false;
    this.sender?.stop();
  }

  onDrain(): void {
    this.sender?.onDrain();
  }

  /** Tells whether the system has taken something of what waits since this was asked for the last time. */
  hasMoved(transport: Transport): boolean {
    const { unsentBytes } = transport;
    const hasMoved = unsentBytes > 0 && unsentBytes !== this.lastUnsent;
    this.lastUnsent = unsentBytes;
    return hasMoved;
  }

  private writeAtOnce(transport: Transport, bytes: Buffer | undefined): void {
    const { head } = this;
    const length = bytes?.length ?? 0;
    this.isSent = true;
    this.bytesSent = head.length + length;
    this.bodyBytesSent = length;
    if (bytes === undefined || length === 0) transport.write(head);
    else if (length > MAX_JOINED_BYTES) transport.writeAll([head, bytes]);
    else transport.write(Buffer.concat([head, bytes], head.length + length));
    this.owner.onSent();
  }

  private sendBody(transport: Transport, body: RequestBody): void {
    const { bytes, source } = body;
    if (source !== undefined) {
      this.sender = new SourceSender(source, body.length, transport, {
        onSent: (byteCount) => {
          this.bytesSent += byteCount;
          this.bodyBytesSent += byteCount;
          this.owner.onActivity();
        },
        onBodySent: () => this.onAllSent(),
        onSourceFailure: (failure) => this.owner.onSourceFailure(failure),
      });
      void this.sender.run();
      return;
    }
    if (bytes !== undefined && bytes.length > 0) {
      transport.write(bytes);
      this.bytesSent += bytes.length;
      this.bodyBytesSent = bytes.length;
    }
    this.onAllSent();
  }

  private onAllSent(): void {
    this.isSent = true;
    this.owner.onSent();
  }
}
