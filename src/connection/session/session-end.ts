import { CloseCode, CloseReason } from '../../protocol/websocket/closing/close-codes.ts';
import { ConnectionStatus } from '../../protocol/websocket/closing/connection-status.ts';
import type { Violation } from '../../protocol/websocket/closing/violations.ts';
import type { Endpoint } from '../../protocol/websocket/endpoint.ts';
import type { BatchWriter } from '../../transport/batch-writer.ts';
import { OutputWatch } from '../../transport/output-watch.ts';
import { MOST_CLOSE_TIMEOUTS } from '../connection-limits.ts';
import type { WebSocketCloseInfo } from '../messages/messages.ts';
import type { SessionContext } from './session-context.ts';

/** The session around a {@link SessionEnd}. */
export interface SessionEndHost {
  readonly context: SessionContext;
  readonly endpoint: Endpoint;
  readonly writer: BatchWriter;
  /** Whether messages that were accepted have not been given to the endpoint or the writer yet. */
  readonly isHolding: boolean;
  /** The peer's close frame is wanted: from now on everything is read, whoever had paused. */
  readToTheEnd(): void;
  destroyTransport(): void;
}

/** How a session ends: who began it, with which code, at which layer, and how long it may take. */
export class SessionEnd {
  wireSize = 0;
  private readonly host: SessionEndHost;
  private closeInfo: WebSocketCloseInfo | undefined;
  /** Nothing the peer says counts any more, and its close frame is not waited for. */
  private isFailed = false;
  private deadline: OutputWatch | undefined;
  /** A close that waits behind messages. */
  private pending: { readonly code: number; readonly reason: string } | undefined;

  constructor(host: SessionEndHost) {
    this.host = host;
  }

  /** Whether a close waits behind messages: nothing may be sent any more. */
  get isPending(): boolean {
    return this.pending !== undefined;
  }

  /** Begins the closing handshake behind everything that was sent. */
  close(code: number, reason: string): void {
    if (this.host.isHolding) this.pending = { code, reason };
    else this.closeNow(code, reason);
    this.startDeadline();
  }

  /** What a close waits for has left. */
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
    this.isFailed = true;
    this.closeAtOnce(code, reason);
  }

  /** The transport is to be ended, or has ended, without a closing handshake; unless there is one under way. */
  lose(reason: string, remote: boolean): void {
    this.closeInfo ??= { code: CloseCode.Abnormal, reason, remote, layer: 'transport' };
  }

  onCloseFrame(code: number, peerReason: string, wireSize: number): void {
    const { host } = this;
    this.wireSize = wireSize;
    const reason = code === CloseCode.NoStatus ? CloseReason.NoStatus : peerReason;
    this.closeInfo ??= { code, reason, remote: true, layer: 'websocket' };
    host.readToTheEnd();
    // The server ends the connection first, so that the client's port is not the one that lingers (section 7.1.1).
    if (host.context.role === 'server') host.writer.end();
    this.startDeadline();
  }

  onViolation(violation: Violation): void {
    const { host } = this;
    this.isFailed = true;
    this.closeInfo ??= { code: violation.closeCode, reason: violation.reason, remote: false, layer: 'websocket' };
    host.readToTheEnd();
    // Half-closed, and read until the peer has closed as well: a reset would take our close frame with it.
    host.writer.end();
    this.startDeadline();
  }

  /** The peer will send no more. */
  onEnd(): void {
    const { endpoint, writer } = this.host;
    if (endpoint.canSend) {
      endpoint.end();
      this.closeInfo = undefined;
      this.lose(CloseReason.Abnormal, true);
    }
    writer.end();
    this.startDeadline();
  }

  onDrain(): void {
    this.deadline?.onDrain();
  }

  /** The transport is gone, and the endpoint still in the state it had: what that comes to. */
  finish(error: Error | undefined): WebSocketCloseInfo {
    this.deadline?.stop();
    const wasAcknowledged = this.host.endpoint.status !== ConnectionStatus.ClosedByUs || this.isFailed;
    if (!wasAcknowledged) this.closeInfo = undefined;
    this.lose(CloseReason.Abnormal, error !== undefined);
    const { closeInfo = lost } = this;
    return closeInfo.layer === 'transport' && error !== undefined ? { ...closeInfo, cause: error } : { ...closeInfo };
  }

  private closeNow(code: number, reason: string): void {
    const { host } = this;
    host.endpoint.close(code, reason);
    this.closeInfo = { code, reason, remote: false, layer: 'websocket' };
    host.readToTheEnd();
  }

  private startDeadline(): void {
    const { wheel, limits } = this.host.context;
    const timeoutMs = limits.closeTimeoutSecs * 1000;
    const patience = { timeoutMs, maxMs: MOST_CLOSE_TIMEOUTS * timeoutMs, isAnswerWanted: true };
    this.deadline ??= new OutputWatch(wheel, this.host.writer, patience, () => this.host.destroyTransport());
    this.deadline.start();
  }
}

const lost: WebSocketCloseInfo = Object.freeze({
  code: CloseCode.Abnormal,
  reason: CloseReason.Abnormal,
  remote: false,
  layer: 'transport',
});
