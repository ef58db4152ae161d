import { CloseCode, CloseReason } from '../../protocol/websocket/closing/close-codes.ts';
import type { Violation } from '../../protocol/websocket/closing/violations.ts';
import type { Endpoint } from '../../protocol/websocket/endpoint.ts';
import type { BatchWriter } from '../../transport/batch-writer.ts';
import { OutputWatch } from '../../transport/output-watch.ts';
import { MOST_CLOSE_TIMEOUTS } from '../connection-limits.ts';
import type { WebSocketCloseInfo } from '../messages/messages.ts';
import type { SessionContext, SessionOutcome } from './session-context.ts';

/** The session around a {@link SessionEnd}. */
export interface SessionEndHost {
  readonly context: SessionContext;
  readonly endpoint: Endpoint;
  readonly writer: BatchWriter;
  /** True while messages that were accepted have not been given to the endpoint or the writer yet. */
  readonly isHolding: boolean;
  /** The peer's close frame is wanted: from now on everything is read, whoever had paused. */
  readToTheEnd(): void;
  destroyTransport(): void;
}

/**
 * The end of a session: its beginner, its code, the layer that decides it, and the time that it may take.
 *
 * | began                     | then                                      | `code`         | `remote` | `layer`   |
 * |---------------------------|-------------------------------------------|----------------|----------|-----------|
 * | we: `close()`             | the peer answers with our code, or none   | ours           | false    | websocket |
 * |                           | a close frame of its own crosses ours     | the peer's     | true     | websocket |
 * |                           | it breaks the protocol before an answer   | 1006           | false    | transport |
 * |                           | the stream ends or breaks before that     | 1006           | false    | transport |
 * |                           | nothing comes for `closeTimeoutSecs`      | 1006           | false    | transport |
 * | we: a violation, 1011     | our close frame says why; no answer       | ours           | false    | websocket |
 * | or 1013 of our own        | is waited for                             |                |          |           |
 * | the peer: its close frame | it gets the same back                     | the peer's     | true     | websocket |
 * | nobody                    | the stream ends or breaks                 | 1006           | true     | transport |
 * |                           | `terminate()`, or `sendTimeoutSecs`       | 1006           | false    | transport |
 *
 * A close frame is an answer to ours when it has our code (or none at all) and says nothing else, and ours had left
 * before. Only then the peer is known to have read what was sent. RFC 6455 section 7.1.5 lets the received code count.
 */
export class SessionEnd {
  private readonly host: SessionEndHost;
  /** The close frame that we sent first. */
  private ours: { readonly code: number; readonly reason: string } | undefined;
  /** The outcome, once it is known; what comes after that does not change it. */
  private decided: WebSocketCloseInfo | undefined;
  private isAcknowledged = false;
  private wireSize = 0;
  private deadline: OutputWatch | undefined;
  /** A close that waits behind messages. */
  private pending: { readonly code: number; readonly reason: string } | undefined;

  constructor(host: SessionEndHost) {
    this.host = host;
  }

  /** True while a close waits behind messages: nothing may be sent any more. */
  get isPending(): boolean {
    return this.pending !== undefined;
  }

  /** Begins the closing handshake behind everything that was sent. */
  close(code: number, reason: string): void {
    if (this.host.isHolding) this.pending = { code, reason };
    else this.closeNow(code, reason);
    this.startDeadline();
  }

  /** To be called when what a close waits for has left. */
  onIdle(): void {
    const { pending } = this;
    this.pending = undefined;
    if (pending !== undefined && this.host.endpoint.canSend) this.closeNow(pending.code, pending.reason);
  }

  /** Begins the closing handshake in front of what was not given to the endpoint yet. */
  closeAtOnce(code: number, reason: string): void {
    this.pending = undefined;
    this.closeNow(code, reason);
    this.startDeadline();
  }

  /** Says why, and lets that stand even if the peer does not answer. */
  fail(code: number, reason: string): void {
    this.closeAtOnce(code, reason);
    this.decide(code, reason, false, 'websocket');
  }

  /** The transport is to be ended, or has ended, without a closing handshake. */
  lose(reason: string, remote: boolean): WebSocketCloseInfo {
    return this.decide(CloseCode.Abnormal, reason, remote, 'transport');
  }

  onCloseFrame(code: number, peerReason: string, wireSize: number): void {
    const { host, ours } = this;
    this.wireSize = wireSize;
    const reason = code === CloseCode.NoStatus ? CloseReason.NoStatus : peerReason;
    if (ours !== undefined && this.decided === undefined && isAnswer(ours, code, peerReason, host.writer)) {
      this.isAcknowledged = true;
      this.decide(ours.code, ours.reason, false, 'websocket');
    } else this.decide(code, reason, true, 'websocket');
    host.readToTheEnd();
    // The server ends the connection first, so that the client's port is not the one that lingers (section 7.1.1).
    if (host.context.role === 'server') host.writer.end();
    this.startDeadline();
  }

  onViolation({ closeCode, reason }: Violation): void {
    const { host } = this;
    // Our close frame is out, and says something else.
    if (this.ours !== undefined) this.lose(`${reason}, before an answer to the close frame`, false);
    else this.decide(closeCode, reason, false, 'websocket');
    host.readToTheEnd();
    // Half-closed, and read until the peer has closed as well: a reset would take our close frame with it.
    host.writer.end();
    this.startDeadline();
  }

  /** The peer will send no more. */
  onEnd(): void {
    const { endpoint, writer } = this.host;
    if (endpoint.canSend) endpoint.end();
    if (this.ours === undefined) this.lose(CloseReason.Abnormal, true);
    else this.lose(CloseReason.Unanswered, false);
    writer.end();
    this.startDeadline();
  }

  onDrain(): void {
    this.deadline?.onDrain();
  }

  /** The transport is gone. */
  finish(error: Error | undefined, unsentBytes: number): SessionOutcome {
    this.deadline?.stop();
    const decided =
      this.ours === undefined
        ? this.lose(CloseReason.Abnormal, error !== undefined)
        : this.lose(error === undefined ? CloseReason.Unanswered : CloseReason.Reset, false);
    const { wireSize, isAcknowledged } = this;
    const cause = decided.layer === 'transport' && error !== undefined ? { cause: error } : {};
    return { closeInfo: { ...decided, ...cause }, wireSize, unsentBytes, isAcknowledged };
  }

  private decide(
    code: number,
    reason: string,
    remote: boolean,
    layer: WebSocketCloseInfo['layer'],
  ): WebSocketCloseInfo {
    this.decided ??= { code, reason, remote, layer };
    return this.decided;
  }

  private closeNow(code: number, reason: string): void {
    const { host } = this;
    host.endpoint.close(code, reason);
    this.ours ??= { code, reason };
    host.readToTheEnd();
  }

  private startDeadline(): void {
    const { wheel, limits } = this.host.context;
    const timeoutMs = limits.closeTimeoutSecs * 1000;
    const patience = { timeoutMs, maxMs: MOST_CLOSE_TIMEOUTS * timeoutMs, isAnswerWanted: true };
    this.deadline ??= new OutputWatch(wheel, this.host.writer, patience, () => {
      this.lose(CloseReason.CloseTimeout, false);
      this.host.destroyTransport();
    });
    this.deadline.start();
  }
}

/** Tells if a close frame answers ours, which then has left; it may as well have crossed it. */
function isAnswer(
  ours: { readonly code: number; readonly reason: string },
  code: number,
  reason: string,
  writer: BatchWriter,
): boolean {
  if (writer.unsentBytes > 0) return false;
  return code === CloseCode.NoStatus || (code === ours.code && (reason === '' || reason === ours.reason));
}
